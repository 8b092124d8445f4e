/** Workspaces over HTTP: made by who runs the server, switched between, kept apart, deleted. */
import assert from "node:assert/strict";
import { startApp } from "../support/app.ts";
import {
  OWNER,
  PASSWORD_MODE,
  type SignedIn,
  signedIn,
} from "../support/signed_in.ts";

const FIRST = "wsp_0000000000000000000000";
const PASSWORD = "a password of theirs";

async function workspaces(browser: Pick<SignedIn, "fetch">) {
  const { items } = await (await browser.fetch("/api/workspaces")).json();
  return items.map(({ name, role }: { name: string; role: string }) =>
    `${name} ${role}`
  );
}

Deno.test("POST /api/workspaces: its maker is its owner, and stays where they are", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const made = await owner.send("POST", "/api/workspaces", { name: "Second" });
  assert.equal(made.status, 201);
  const workspace = await made.json();
  assert.match(workspace.id, /^wsp_[0-9A-Za-z]{22}$/);
  assert.equal(workspace.role, "owner");
  assert.equal(
    made.headers.get("location"),
    `/api/workspaces/${workspace.id}`,
  );
  assert.deepEqual(await workspaces(owner), [
    "Workspace owner",
    "Second owner",
  ]);
  const state = await (await owner.fetch("/api/session")).json();
  assert.equal(state.workspace.id, FIRST);
  for (const body of [{}, { name: "" }, { name: 1 }, { name: "a", b: 1 }]) {
    assert.equal(
      (await owner.send("POST", "/api/workspaces", body)).status,
      400,
    );
  }
});

Deno.test("workspaces: a session switches, and one request may act in another", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const { id } =
    await (await owner.send("POST", "/api/workspaces", { name: "Second" }))
      .json();
  await owner.send("POST", "/api/threads", { title: "First's" });
  const there = { "x-freshet-workspace": id };
  await owner.send("POST", "/api/threads", { title: "Second's" }, there);
  const titles = async (headers: Record<string, string> = {}) => {
    const response = await owner.fetch("/api/threads", { headers });
    const { items } = await response.json();
    return items.map(({ title }: { title: string }) => title);
  };
  assert.deepEqual(await titles(), ["First's"]);
  assert.deepEqual(await titles(there), ["Second's"]);
  const switched = await owner.send("PATCH", "/api/session", {
    workspaceId: id,
  });
  assert.equal(switched.status, 200);
  assert.equal((await switched.json()).workspace.name, "Second");
  assert.deepEqual(await titles(), ["Second's"]);
  assert.deepEqual(await titles({ "x-freshet-workspace": FIRST }), ["First's"]);
  for (const workspaceId of ["wsp_1111111111111111111111", "x", "sys", ""]) {
    const response = await owner.send("PATCH", "/api/session", { workspaceId });
    assert.equal(response.status, 404, workspaceId);
    if (workspaceId === "") continue;
    const other = await owner.fetch("/api/threads", {
      headers: { "x-freshet-workspace": workspaceId },
    });
    assert.equal(other.status, 404, workspaceId);
  }
});

Deno.test("workspaces: who is in one knows nothing of the other", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const { id } =
    await (await owner.send("POST", "/api/workspaces", { name: "Second" }))
      .json();
  const body = {
    email: "boss@example.org",
    password: PASSWORD,
    role: "owner",
    workspaceId: id,
  };
  const added = await owner.send("POST", "/api/users", body);
  assert.equal(added.status, 201);
  const boss = await signedIn(app, { email: body.email, password: PASSWORD });
  assert.deepEqual(await workspaces(boss), ["Second owner"]);
  const { items } = await (await boss.fetch("/api/users")).json();
  assert.deepEqual(
    items.map(({ email }: { email: string }) => email).toSorted(),
    ["boss@example.org", OWNER.email],
  );
  // The owner of a workspace does not run the server.
  const cases: [string, string, unknown, number][] = [
    ["GET", `/api/workspaces/${FIRST}`, null, 404],
    ["PATCH", `/api/workspaces/${FIRST}`, { name: "Mine" }, 404],
    ["DELETE", `/api/workspaces/${FIRST}`, null, 404],
    ["POST", "/api/workspaces", { name: "Third" }, 403],
    ["POST", "/api/users", {
      ...body,
      email: "c@x.example",
      workspaceId: FIRST,
    }, 403],
    ["PATCH", "/api/session", { workspaceId: FIRST }, 404],
  ];
  for (const [method, path, json, status] of cases) {
    const response = json === null
      ? await boss.fetch(path, { method, headers: { "if-match": "*" } })
      : await boss.send(method, path, json, { "if-match": "*" });
    assert.equal(response.status, status, `${method} ${path}`);
  }
  const other = await boss.fetch("/api/threads", {
    headers: { "x-freshet-workspace": FIRST },
  });
  assert.equal(other.status, 404);
  // An address that has an account in another workspace is invited, and joins by signing in.
  const invited = await boss.send("POST", "/api/users", {
    email: OWNER.email,
    password: PASSWORD,
  });
  assert.equal(invited.status, 409);
});

Deno.test("workspaces: somebody who has an account joins another workspace by its invitation", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  await owner.send("POST", "/api/users", {
    email: "a@example.org",
    password: PASSWORD,
  });
  const member = await signedIn(app, {
    email: "a@example.org",
    password: PASSWORD,
  });
  const { id } =
    await (await owner.send("POST", "/api/workspaces", { name: "Second" }))
      .json();
  const invited = await owner.send("POST", "/api/users", {
    email: "a@example.org",
    role: "admin",
    workspaceId: id,
  });
  const { inviteUrl } = await invited.json();
  const token = new URL(inviteUrl).searchParams.get("token");
  const taken = await app.post("/api/invitations/accept", {
    token,
    name: "Somebody else",
    password: "another password",
  });
  assert.equal(taken.status, 409);
  const joined = await member.send("POST", "/api/invitations/accept", {
    token,
  });
  assert.equal(joined.status, 204);
  const state = await (await member.fetch("/api/session")).json();
  assert.deepEqual([state.workspace.id, state.role], [id, "admin"]);
  assert.deepEqual(await workspaces(member), [
    "Workspace member",
    "Second admin",
  ]);
});

Deno.test("/api/workspaces/:id: renamed and deleted by its owner; the first one stays", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const { id, version } =
    await (await owner.send("POST", "/api/workspaces", { name: "Second" }))
      .json();
  const path = `/api/workspaces/${id}`;
  const unversioned = await owner.send("PATCH", path, { name: "New" });
  assert.equal(unversioned.status, 428);
  const renamed = await owner.send("PATCH", path, { name: "New" }, {
    "if-match": `"${version}"`,
  });
  assert.equal((await renamed.json()).name, "New");
  const stale = await owner.fetch(path, {
    method: "DELETE",
    headers: { "if-match": `"${version}"` },
  });
  assert.equal(stale.status, 412);
  const there = { "x-freshet-workspace": id };
  assert.equal(
    (await owner.fetch("/api/threads", { headers: there })).status,
    200,
  );
  const deleted = await owner.fetch(path, {
    method: "DELETE",
    headers: { "if-match": `"${version + 1}"` },
  });
  assert.equal(deleted.status, 204);
  assert.equal((await owner.fetch(path)).status, 404);
  assert.equal(
    (await owner.fetch("/api/threads", { headers: there })).status,
    404,
  );
  const first = await owner.fetch(`/api/workspaces/${FIRST}`, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.equal(first.status, 409);
  assert.equal((await first.json()).code, "first_workspace");
});
