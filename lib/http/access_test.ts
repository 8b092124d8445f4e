import assert from "node:assert/strict";
import type { Caller } from "@/lib/auth/caller.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { ACCESS, checkAccess } from "./access.ts";

function caller(more: Partial<Caller> = {}): Caller {
  return {
    mode: "password",
    workspace: FIRST_WORKSPACE,
    user: "usr_a",
    role: "member",
    isOperator: false,
    groups: [],
    key: null,
    session: "s",
    address: "127.0.0.1",
    ...more,
  };
}

function key(more: Partial<NonNullable<Caller["key"]>> = {}): Caller["key"] {
  return {
    id: "key_a",
    scopes: ["v1"],
    models: null,
    endpoints: null,
    isReadOnly: false,
    ...more,
  };
}

const refused = (status: number, code: string) => ({ status, code });

Deno.test("checkAccess: a route that is not in the table is nobody's", () => {
  const owner = caller({ role: "owner", isOperator: true });
  assert.throws(
    () => checkAccess("/no/such", "GET", owner),
    refused(403, "forbidden"),
  );
});

Deno.test("checkAccess: what is open needs nobody", () => {
  checkAccess("/healthz", "GET", null);
});

Deno.test("checkAccess: nobody is asked to sign in, or for a key under /v1", () => {
  assert.throws(
    () => checkAccess("/api/threads", "GET", null),
    refused(401, "sign_in_needed"),
  );
  assert.throws(
    () => checkAccess("/v1/models", "GET", null),
    refused(401, "invalid_api_key"),
  );
});

Deno.test("checkAccess: a viewer reads and changes nothing", () => {
  const viewer = caller({ role: "viewer" });
  checkAccess("/api/threads", "GET", viewer);
  for (const method of ["POST", "PATCH", "PUT", "DELETE"]) {
    assert.throws(
      () => checkAccess("/api/threads", method, viewer),
      refused(403, "forbidden"),
    );
  }
});

Deno.test("checkAccess: a key does what its scopes and its user may, no more", () => {
  const v1 = caller({ key: key(), session: null });
  checkAccess("/v1/chat/completions", "POST", v1);
  assert.throws(
    () => checkAccess("/api/threads", "GET", v1),
    refused(403, "forbidden"),
  );
  const admin = { key: key({ scopes: ["api", "admin"] }), session: null };
  assert.throws(
    () => checkAccess("/api/requests", "GET", caller(admin)),
    refused(403, "forbidden"),
  );
  checkAccess("/api/requests", "GET", caller({ ...admin, role: "admin" }));
  assert.throws(
    () =>
      checkAccess(
        "/api/requests",
        "GET",
        caller({ key: key({ scopes: ["api"] }), role: "admin" }),
      ),
    refused(403, "forbidden"),
  );
});

Deno.test("checkAccess: a key that only reads changes nothing", () => {
  const reader = caller({
    key: key({ scopes: ["v1", "api"], isReadOnly: true }),
  });
  checkAccess("/v1/models", "GET", reader);
  const auditor = caller({
    key: key({ scopes: ["api", "admin"], isReadOnly: true }),
    role: "admin",
  });
  checkAccess("/api/audit", "GET", auditor);
  assert.throws(
    () => checkAccess("/api/users", "POST", auditor),
    refused(403, "forbidden"),
  );
  assert.throws(
    () => checkAccess("/v1/chat/completions", "POST", reader),
    refused(403, "forbidden"),
  );
});

Deno.test("checkAccess: no key reaches what is for people only", () => {
  const all = caller({
    role: "owner",
    isOperator: true,
    key: key({ scopes: ["v1", "api", "metrics", "admin"] }),
  });
  assert.throws(
    () => checkAccess("/api/sessions", "GET", all),
    refused(403, "forbidden"),
  );
});

Deno.test("checkAccess: metrics take an admin of the server, by key the scope", () => {
  const metrics = key({ scopes: ["metrics"] });
  checkAccess(
    "/metrics",
    "GET",
    caller({ role: "owner", isOperator: true, key: metrics }),
  );
  assert.throws(
    () => checkAccess("/metrics", "GET", caller({ role: "owner" })),
    refused(403, "forbidden"),
  );
  assert.throws(
    () =>
      checkAccess(
        "/metrics",
        "GET",
        caller({ role: "owner", isOperator: true, key: key() }),
      ),
    refused(403, "forbidden"),
  );
});

/** For whoever has no account yet, or needs none. */
const OPEN = [
  "/healthz",
  "/readyz",
  "/schema/config.json",
  "/openapi.json",
  "/docs",
  "/docs/:id",
  "/docs/operations/:id",
  "/signin",
  "/setup",
  "/invite",
  "/reset",
  "/signout",
  "/auth/oidc/start",
  "/auth/oidc/callback",
  "/api/session",
  "/api/password/reset",
  "/api/invitations/accept",
];

/** What members write, ask for and stop. */
const WRITING =
  /^\/api\/(?:threads|projects|tags|tasks|keys|chat|stream)(?:\/|$)|^\/(?:api|v1)\/.*\/(?:cancel|continue)$|^\/v1\/(?:chat\/completions|completions|embeddings|responses(?:\/:response)?)$/;

/** A viewer follows what is there, and notes what they have seen. */
const FOLLOWED_BY_VIEWERS = [
  "/api/chat/:chat/stream",
  "/api/threads/:thread/read",
];

/** What manages people, money, or the server, and what tells of others. */
const MANAGING =
  /^\/admin|^\/api\/(?:users|groups|invitations|limits|budgets|audit|mail|cache|requests|providers)(?:\/|$)/;

/** Of these each sees what holds for themselves. */
const SEEN_BY_ALL = ["/api/limits/effective"];

const ADMINS = ["admin", "owner", "operator"];

Deno.test("ACCESS: without an account only what leads to one is open", () => {
  const open = Object.entries(ACCESS)
    .filter(([, { read, write }]) => read === "anyone" || write === "anyone")
    .map(([route]) => route);
  assert.deepEqual(open.sort(), OPEN.toSorted());
});

Deno.test("ACCESS: what manages others takes an admin, to read and to change", () => {
  const loose = Object.entries(ACCESS).filter(([route, { read, write }]) =>
    MANAGING.test(route) && !OPEN.includes(route) &&
    !SEEN_BY_ALL.includes(route) &&
    !(ADMINS.includes(read) && ADMINS.includes(write))
  );
  assert.deepEqual(loose, []);
  assert.equal(ACCESS["/metrics"].read, "operator");
});

Deno.test("ACCESS: prices and workspaces are made by who runs the server alone", () => {
  assert.equal(ACCESS["/api/prices"].write, "operator");
  assert.equal(ACCESS["/api/workspaces"].write, "operator");
  assert.equal(ACCESS["/api/workspaces/:workspace"].write, "owner");
});

Deno.test("ACCESS: what is written, asked for and stopped takes a member", () => {
  const writing = Object.keys(ACCESS).filter((route) =>
    WRITING.test(route) && !FOLLOWED_BY_VIEWERS.includes(route)
  );
  assert.ok(writing.length > 25, `only ${writing.length} routes`);
  assert.deepEqual(
    writing.filter((route) => ACCESS[route].write !== "member"),
    [],
  );
});
