/** Notifications over HTTP: lists, marks and settings, and whose they are. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import type { Notification } from "@/lib/shared/wire.ts";
import { startApp, type TestApp } from "../support/app.ts";
import { OWNER, PASSWORD_MODE, signedIn } from "../support/signed_in.ts";
import { waitFor } from "../support/wait.ts";

interface Told {
  items: Notification[];
  nextCursor: string | null;
  unread: number;
}

type Fetch = TestApp["fetch"];

async function json<T>(response: Response, status = 200): Promise<T> {
  const text = await response.text();
  assert.equal(response.status, status, text);
  return JSON.parse(text);
}

async function refused(
  response: Response,
  status: number,
  code: string,
): Promise<void> {
  const problem = await json<{ code: string }>(response, status);
  assert.equal(problem.code, code);
}

const list = async (fetch: Fetch, query = ""): Promise<Told> =>
  await json(await fetch(`/api/notifications${query}`));

/** Work that is given up at once, since its thread is not there. */
async function failJob(fetch: Fetch): Promise<void> {
  const response = await fetch("/api/jobs", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      kind: "answer.background",
      input: { threadId: newId("thr"), content: "How deep" },
    }),
  });
  await json(response, 202);
}

const untilTold = (fetch: Fetch) =>
  waitFor("a notification", async () => (await list(fetch)).items[0]);

const patch = (fetch: Fetch, path: string, body: unknown, ifMatch?: string) =>
  fetch(path, {
    method: "PATCH",
    headers: {
      "content-type": "application/json",
      ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    },
    body: JSON.stringify(body),
  });

Deno.test("notifications: bad filters, cursors, ids and fields are refused by name", async () => {
  await using app = await startApp();
  for (
    const query of [
      "?read=maybe",
      "?event=thread.created",
      "?cursor=x",
      "?cursor=1.ntf_x",
      "?limit=0",
    ]
  ) {
    const response = await app.fetch(`/api/notifications${query}`);
    await refused(response, 400, "invalid_request");
  }
  for (const id of ["ntf_x", newId("ntf"), newId("thr")]) {
    const path = `/api/notifications/${id}`;
    await refused(await app.fetch(path), 404, "not_found");
    await refused(
      await patch(app.fetch, path, { read: true }),
      404,
      "not_found",
    );
  }
  await failJob(app.fetch);
  const { id } = await untilTold(app.fetch);
  const path = `/api/notifications/${id}`;
  for (const body of [{}, { read: "yes" }, { title: "Mine" }]) {
    await refused(await patch(app.fetch, path, body), 400, "invalid_request");
  }
});

Deno.test("notifications: one is read and unread again, all are read, and the count follows", async () => {
  await using app = await startApp();
  await failJob(app.fetch);
  const told = await untilTold(app.fetch);
  assert.equal((await list(app.fetch)).unread, 1);
  const path = `/api/notifications/${told.id}`;
  for (const read of [true, true, false]) {
    const changed: Notification = await json(
      await patch(app.fetch, path, { read }),
    );
    assert.equal(changed.read, read);
    const { unread } = await list(app.fetch, "?limit=1");
    assert.equal(unread, read ? 0 : 1);
    assert.equal((await list(app.fetch, `?read=${read}`)).items.length, 1);
    assert.equal((await list(app.fetch, `?read=${!read}`)).items.length, 0);
  }
  const all = await app.fetch("/api/notifications/read", { method: "POST" });
  assert.deepEqual(await json(all), { read: 1 });
  assert.equal((await list(app.fetch)).unread, 0);
});

Deno.test("notifications: settings have a version, and what is not here is not in the browser either", async () => {
  await using app = await startApp();
  const path = "/api/notifications/settings";
  const before = await app.fetch(path);
  assert.equal(before.headers.get("etag"), '"0"');
  const settings = await json<{ events: Record<string, unknown> }>(before);
  assert.deepEqual(settings.events["answer.failed"], {
    app: true,
    browser: true,
    mail: false,
  });
  const off = { events: { "answer.failed": { app: false } } };
  await refused(
    await patch(app.fetch, path, off),
    428,
    "precondition_required",
  );
  for (
    const events of [
      { "answer.lost": { app: false } },
      { "answer.failed": { app: 1 } },
      { "answer.failed": { sms: true } },
    ]
  ) {
    await refused(
      await patch(app.fetch, path, { events }, '"0"'),
      400,
      "invalid_request",
    );
  }
  const changed = await patch(app.fetch, path, off, '"0"');
  assert.equal(changed.headers.get("etag"), '"1"');
  const after = await json<typeof settings>(changed);
  assert.deepEqual(after.events["answer.failed"], {
    app: false,
    browser: false,
    mail: false,
  });
  await refused(
    await patch(app.fetch, path, off, '"0"'),
    412,
    "precondition_failed",
  );
  const again = await app.fetch(path);
  assert.equal(again.headers.get("etag"), '"1"');
  assert.deepEqual(await json(again), after);
});

Deno.test("notifications: everyone has their own, who only reads marks theirs", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const reader = {
    email: "reader@example.org",
    password: "the reader's password",
    role: "viewer",
  };
  await json(await owner.send("POST", "/api/users", reader), 201);
  const viewer = await signedIn(app, reader);
  await failJob(owner.fetch);
  const told = await untilTold(owner.fetch);
  assert.deepEqual(await list(viewer.fetch), {
    items: [],
    nextCursor: null,
    unread: 0,
  });
  const path = `/api/notifications/${told.id}`;
  await refused(await viewer.fetch(path), 404, "not_found");
  await refused(
    await viewer.send("PATCH", path, { read: true }),
    404,
    "not_found",
  );
  const all = await viewer.send("POST", "/api/notifications/read", {});
  assert.deepEqual(await json(all), { read: 0 });
  const page = await viewer.fetch("/notifications");
  assert.match(await page.text(), /Nothing yet/);
  assert.equal((await app.fetch("/api/notifications")).status, 401);
  assert.equal((await list(owner.fetch)).unread, 1);
});

Deno.test("notifications: an admin is told that an invitation was taken", async () => {
  await using app = await startApp({ env: PASSWORD_MODE });
  const owner = await signedIn(app, OWNER);
  const invited = await owner.send("POST", "/api/invitations", {
    email: "ann@example.org",
    role: "member",
  });
  const { inviteUrl } = await json<{ inviteUrl: string }>(invited, 201);
  const token = new URL(inviteUrl).searchParams.get("token");
  const taken = await app.post("/api/invitations/accept", {
    token,
    name: "Ann",
    password: "the password of Ann",
  });
  assert.ok(taken.ok, await taken.text());
  const told = await untilTold(owner.fetch);
  assert.deepEqual(
    [told.event, told.title],
    ["invitation.accepted", "Ann has joined"],
  );
});
