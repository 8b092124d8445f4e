import assert from "node:assert/strict";
import type { Caller } from "@/lib/auth/caller.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { checkAccess } from "./access.ts";

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
