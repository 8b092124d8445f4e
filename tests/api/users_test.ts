/** People, groups and invitations over HTTP. */
import assert from "node:assert/strict";
import { startApp, type TestApp } from "../support/app.ts";
import {
  cookieOf,
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";

const PASSWORD = "a password of theirs";
const OWNER_ID = "usr_0000000000000000000000";

interface Person {
  id: string;
  email: string;
  role: string;
  groups: string[];
  disabled: boolean;
  version: number;
}

async function addPerson(
  app: TestApp,
  by: SignedIn,
  email: string,
  role: string,
): Promise<SignedIn & { id: string; version: number }> {
  const body = { email, role, password: PASSWORD };
  const response = await by.send("POST", "/api/users", body);
  assert.equal(response.status, 201, await response.clone().text());
  const { id, version } = await response.json();
  return { ...await signedIn(app, { email, password: PASSWORD }), id, version };
}

/** Status and code of an answer, such as "403 forbidden". */
async function codeOf(answer: Promise<Response>): Promise<string> {
  const response = await answer;
  const text = await response.text();
  const code = text === "" ? "" : JSON.parse(text).code ?? "";
  return `${response.status} ${code}`.trim();
}

Deno.test("POST /api/users: makes an account that can sign in at once", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const response = await owner.send("POST", "/api/users", {
    email: " New@Example.org ",
    password: PASSWORD,
    role: "member",
  });
  assert.equal(response.status, 201);
  const user = await response.json();
  assert.equal(response.headers.get("location"), `/api/users/${user.id}`);
  assert.equal(response.headers.get("etag"), `"${user.version}"`);
  assert.match(user.id, /^usr_[0-9A-Za-z]{22}$/);
  assert.equal(user.email, "new@example.org");
  assert.equal(user.name, "new");
  assert.equal(user.role, "member");
  assert.ok(!JSON.stringify(user).includes(PASSWORD));
  const theirs = await signedIn(app, {
    email: "new@example.org",
    password: PASSWORD,
  });
  const state = await (await theirs.fetch("/api/session")).json();
  assert.equal(state.user.id, user.id);
  const shown = await owner.fetch(`/api/users/${user.id}`);
  assert.equal((await shown.json()).sessions, 1);
});

Deno.test("POST /api/users: every bad input is refused by name", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const good = { email: "a@example.org", password: PASSWORD, role: "member" };
  const cases: [Record<string, unknown>, string, string][] = [
    [{ email: "a" }, "400 invalid_request", "email"],
    [{ email: "a@b@c" }, "400 invalid_request", "email"],
    [{ email: "a@b\r\nBcc: c" }, "400 invalid_request", "email"],
    [{ email: 1 }, "400 invalid_request", "email"],
    [{ password: "elevenchars" }, "400 invalid_request", "password"],
    [{ password: "é".repeat(513) }, "400 invalid_request", "password"],
    [{ role: "king" }, "400 invalid_request", "role"],
    [{ name: " " }, "400 invalid_request", "name"],
    [{ name: "x".repeat(101) }, "400 invalid_request", "name"],
    [{ groups: ["grp_none"] }, "404 group_not_found", "groups"],
    [{ groups: "a" }, "400 invalid_request", "groups"],
    [{ workspaceId: "wsp_none" }, "404 not_found", ""],
    [{ isAdmin: true }, "400 invalid_request", ""],
    [{ email: OWNER.email }, "409 email_taken", ""],
  ];
  for (const [more, expected, path] of cases) {
    const response = await owner
      .send("POST", "/api/users", { ...good, ...more });
    const problem = await response.json();
    assert.equal(
      `${response.status} ${problem.code}`,
      expected,
      Object.keys(more).join(),
    );
    if (path !== "") assert.equal(problem.errors[0].path, path);
  }
  const { items } = await (await owner.fetch("/api/users")).json();
  assert.equal(items.length, 1);
});

Deno.test("POST /api/users: of many at once with one address one is made", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const answers = await Promise.all(
    Array.from(
      { length: 10 },
      (_, index) =>
        codeOf(owner.send("POST", "/api/users", {
          email: index % 2 === 0 ? "a@example.org" : "A@EXAMPLE.ORG",
          password: PASSWORD,
        })),
    ),
  );
  assert.equal(answers.filter((code) => code === "201").length, 1);
  assert.equal(answers.filter((code) => code === "409 email_taken").length, 9);
});

Deno.test("GET /api/users: pages by cursor, each once", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  for (let index = 0; index < 7; index += 1) {
    const email = `user${index}@example.org`;
    await owner.send("POST", "/api/users", { email, password: PASSWORD });
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const query = cursor === null ? "" : `&cursor=${cursor}`;
    const page: { items: Person[]; nextCursor: string | null } =
      await (await owner.fetch(`/api/users?limit=3${query}`)).json();
    seen.push(...page.items.map(({ email }) => email));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.equal(seen.length, 8);
  assert.equal(new Set(seen).size, 8);
  for (const bad of ["limit=0", "limit=201", "cursor=x"]) {
    assert.equal((await owner.fetch(`/api/users?${bad}`)).status, 400, bad);
  }
});

Deno.test("PATCH and DELETE /api/users/:id: want the version that is there", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const member = await addPerson(app, owner, "a@example.org", "member");
  const path = `/api/users/${member.id}`;
  const patch = (body: unknown, match?: string) =>
    owner.send(
      "PATCH",
      path,
      body,
      match === undefined ? {} : { "if-match": match },
    );
  assert.equal(
    await codeOf(patch({ role: "viewer" })),
    "428 precondition_required",
  );
  assert.equal(
    await codeOf(patch({ role: "viewer" }, '"99"')),
    "412 precondition_failed",
  );
  const changed = await patch({ role: "viewer" }, `"${member.version}"`);
  assert.equal(changed.status, 200);
  const user: Person = await changed.json();
  assert.equal(user.role, "viewer");
  assert.ok(user.version > member.version);
  assert.equal(changed.headers.get("etag"), `"${user.version}"`);
  assert.equal(
    await codeOf(patch({ role: "member" }, `"${member.version}"`)),
    "412 precondition_failed",
  );
  // The new role counts at once, also in a session that is open.
  const thread = await member.send("POST", "/api/threads", {});
  assert.equal(thread.status, 403);
  assert.equal(
    await codeOf(owner.fetch(path, { method: "DELETE" })),
    "428 precondition_required",
  );
  const removed = await owner.fetch(path, {
    method: "DELETE",
    headers: { "if-match": `"${user.version}"` },
  });
  assert.equal(removed.status, 204);
  assert.equal((await member.fetch("/api/threads")).status, 401);
  assert.equal((await owner.fetch(path)).status, 404);
});

Deno.test("PATCH /api/users/:id: who is disabled is out at once, and may sign in again when enabled", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const member = await addPerson(app, owner, "a@example.org", "member");
  const set = (disabled: boolean) =>
    owner.send("PATCH", `/api/users/${member.id}`, { disabled }, {
      "if-match": "*",
    });
  assert.equal((await set(true)).status, 200);
  assert.equal((await member.fetch("/api/threads")).status, 401);
  assert.equal(
    await codeOf(
      app.post("/api/session", { email: "a@example.org", password: PASSWORD }),
    ),
    "403 not_a_member",
  );
  assert.equal((await set(false)).status, 200);
  assert.equal((await member.fetch("/api/threads")).status, 401);
  await signedIn(app, { email: "a@example.org", password: PASSWORD });
});

Deno.test("roles: admins manage members and viewers; owners manage all; the rest nobody", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const admin = await addPerson(app, owner, "admin@example.org", "admin");
  const peer = await addPerson(app, owner, "peer@example.org", "admin");
  const member = await addPerson(app, owner, "member@example.org", "member");
  const viewer = await addPerson(app, owner, "viewer@example.org", "viewer");
  const any = { "if-match": "*" };
  const create = (by: SignedIn, role: string) =>
    codeOf(by.send("POST", "/api/users", {
      email: `${crypto.randomUUID()}@example.org`,
      password: PASSWORD,
      role,
    }));
  const setRole = (by: SignedIn, id: string, role: string) =>
    codeOf(by.send("PATCH", `/api/users/${id}`, { role }, any));
  const remove = (by: SignedIn, id: string) =>
    codeOf(
      by.fetch(`/api/users/${id}`, { method: "DELETE", headers: any }),
    );
  const no = "403 forbidden";
  assert.equal(await create(admin, "viewer"), "201");
  assert.equal(await create(admin, "member"), "201");
  assert.equal(await create(admin, "admin"), no);
  assert.equal(await create(admin, "owner"), no);
  assert.equal(await setRole(admin, member.id, "admin"), no);
  assert.equal(await setRole(admin, admin.id, "owner"), no);
  assert.equal(await setRole(admin, peer.id, "member"), no);
  assert.equal(await setRole(admin, OWNER_ID, "member"), no);
  assert.equal(await remove(admin, peer.id), no);
  assert.equal(await remove(admin, OWNER_ID), no);
  assert.equal(await setRole(admin, member.id, "viewer"), "200");
  for (const by of [member, viewer]) {
    assert.equal(await create(by, "viewer"), no);
    assert.equal(await setRole(by, by.id, "owner"), no);
    assert.equal(await codeOf(by.fetch("/api/users")), no);
  }
  assert.equal(await setRole(owner, member.id, "owner"), "200");
  assert.equal(await remove(owner, peer.id), "204");
});

Deno.test("the last owner can be neither demoted, disabled nor removed, whoever is fastest", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const any = { "if-match": "*" };
  const path = `/api/users/${OWNER_ID}`;
  for (const patch of [{ role: "admin" }, { disabled: true }]) {
    assert.equal(
      await codeOf(owner.send("PATCH", path, patch, any)),
      "409 last_owner",
    );
  }
  assert.equal(
    await codeOf(owner.fetch(path, { method: "DELETE", headers: any })),
    "409 last_owner",
  );
  for (let round = 0; round < 5; round += 1) {
    const email = `owner${round}@example.org`;
    const second = await addPerson(app, owner, email, "owner");
    // Each takes the other's role away at the same moment.
    const answers = await Promise.all([
      codeOf(owner.send("PATCH", `/api/users/${second.id}`, {
        role: "member",
      }, any)),
      codeOf(second.send("PATCH", path, { role: "member" }, any)),
    ]);
    const { items } = await app.services.users.list(
      "wsp_0000000000000000000000",
      { limit: 50, cursor: null },
    );
    const owners = items.filter(({ role }) => role === "owner");
    assert.ok(owners.length >= 1, answers.join());
    if (owners.every(({ id }) => id !== OWNER_ID)) {
      const back = await second.send("PATCH", path, { role: "owner" }, any);
      assert.equal(back.status, 200);
    }
    // Two begin each round, so one of them is left.
    const demoted = `/api/users/${second.id}`;
    assert.equal(
      await codeOf(owner.send("PATCH", demoted, { role: "member" }, any)),
      "200",
    );
  }
});

Deno.test("/api/groups: made, renamed, given to people, deleted", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const made = await owner.send("POST", "/api/groups", {
    name: " Field  team ",
  });
  assert.equal(made.status, 201);
  const group = await made.json();
  assert.match(group.id, /^grp_/);
  assert.equal(group.name, "Field team");
  assert.equal(
    await codeOf(owner.send("POST", "/api/groups", { name: "FIELD TEAM" })),
    "409 name_taken",
  );
  const path = `/api/groups/${group.id}`;
  assert.equal(
    await codeOf(owner.send("PATCH", path, { name: "Lab" })),
    "428 precondition_required",
  );
  const renamed = await owner.send("PATCH", path, { name: "Lab" }, {
    "if-match": `"${group.version}"`,
  });
  assert.equal((await renamed.json()).name, "Lab");
  // The name that was let go can be another group's.
  assert.equal(
    await codeOf(owner.send("POST", "/api/groups", { name: "field team" })),
    "201",
  );
  const member = await addPerson(app, owner, "a@example.org", "member");
  const put = await owner.send("PATCH", `/api/users/${member.id}`, {
    groups: [group.id],
  }, { "if-match": "*" });
  assert.deepEqual((await put.json()).groups, [group.id]);
  const deleted = await owner.fetch(path, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.equal(deleted.status, 204);
  assert.equal((await owner.fetch(path)).status, 404);
  const { items } = await (await owner.fetch("/api/groups")).json();
  assert.deepEqual(
    items.map(({ name }: { name: string }) => name),
    ["field team"],
  );
});

Deno.test("/api/invitations: a link lets its holder in once, with the role it was made for", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const response = await owner.send("POST", "/api/users", {
    email: "guest@example.org",
    role: "viewer",
  });
  assert.equal(response.status, 201);
  const invitation = await response.json();
  assert.match(invitation.id, /^inv_/);
  assert.equal(invitation.sent, false);
  const link = new URL(invitation.inviteUrl);
  assert.equal(link.origin, app.url);
  assert.equal(link.pathname, "/invite");
  const token = link.searchParams.get("token")!;
  const { items } = await (await owner.fetch("/api/invitations")).json();
  assert.deepEqual(
    items.map(({ email, role }: Person) => [email, role]),
    [["guest@example.org", "viewer"]],
  );
  assert.ok(!JSON.stringify(items).includes(token));
  const accept = (body: unknown) => app.post("/api/invitations/accept", body);
  assert.equal(await codeOf(accept({ token })), "400 invalid_request");
  const person = { name: "Guest", password: PASSWORD };
  assert.equal(
    await codeOf(accept({ token: "x".repeat(43), ...person })),
    "404 link_invalid",
  );
  const joined = await Promise.all(
    Array.from({ length: 5 }, () => accept({ token, ...person })),
  );
  const inside = joined.filter(({ status }) => status === 204);
  assert.equal(inside.length, 1);
  const state = await app.fetch("/api/session", {
    headers: { cookie: cookieOf(inside[0]) },
  });
  const { user, role } = await state.json();
  assert.deepEqual([user.email, user.name, role], [
    "guest@example.org",
    "Guest",
    "viewer",
  ]);
  assert.equal(
    await codeOf(accept({ token, ...person })),
    "404 link_invalid",
  );
  assert.equal(
    await codeOf(owner.send("POST", "/api/invitations", {
      email: "guest@example.org",
    })),
    "409 already_member",
  );
});

Deno.test("/api/invitations: a new link ends the old, a revoked one leads nowhere", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const tokenOf = async (response: Response) => {
    const { id, inviteUrl } = await response.json();
    return { id, token: new URL(inviteUrl).searchParams.get("token") };
  };
  const invite = () =>
    owner.send("POST", "/api/invitations", { email: "a@example.org" });
  const accept = (token: string | null) =>
    codeOf(
      app.post("/api/invitations/accept", {
        token,
        name: "A",
        password: PASSWORD,
      }),
    );
  const first = await tokenOf(await invite());
  const second = await tokenOf(await invite());
  assert.equal(first.id, second.id);
  const third = await tokenOf(
    await owner.fetch(`/api/invitations/${first.id}`, { method: "POST" }),
  );
  assert.equal(await accept(first.token), "404 link_invalid");
  assert.equal(await accept(second.token), "404 link_invalid");
  const revoked = await owner.fetch(`/api/invitations/${first.id}`, {
    method: "DELETE",
  });
  assert.equal(revoked.status, 204);
  assert.equal(await accept(third.token), "404 link_invalid");
  const { items } = await (await owner.fetch("/api/invitations")).json();
  assert.deepEqual(items, []);
  assert.equal(
    await codeOf(owner.fetch(`/api/invitations/${first.id}`)),
    "404 not_found",
  );
});

Deno.test("DELETE /api/users/:id/sessions: signs somebody out everywhere; they may sign in again, and admins do not sign owners out", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const admin = await addPerson(app, owner, "admin@example.org", "admin");
  const member = await addPerson(app, owner, "member@example.org", "member");
  const path = (id: string) => `/api/users/${id}/sessions`;
  assert.equal(
    await codeOf(member.send("DELETE", path(admin.id), undefined)),
    "403 forbidden",
  );
  assert.equal(
    await codeOf(admin.send("DELETE", path(OWNER_ID), undefined)),
    "403 forbidden",
  );
  assert.equal(
    await codeOf(
      admin.send("DELETE", path("usr_0000000000000000000009"), undefined),
    ),
    "404 not_found",
  );
  assert.equal(
    await codeOf(admin.send("DELETE", path(member.id), undefined)),
    "204",
  );
  assert.equal(await codeOf(member.fetch("/api/me")), "401 sign_in_needed");
  const again = await signedIn(app, {
    email: "member@example.org",
    password: PASSWORD,
  });
  assert.equal(await codeOf(again.fetch("/api/session")), "200");
  assert.equal(await codeOf(owner.fetch("/api/session")), "200");
});
