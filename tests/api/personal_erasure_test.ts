/** Data that people have erased, accounts that they end, and threads that workspaces keep for a time. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE, userSpace } from "@/lib/shared/spaces.ts";
import { allOf, endedAlertKey, toldSignalKey } from "@/lib/kv/keys.ts";
import type { Page, Thread } from "@/lib/shared/wire.ts";
import { ask, getMessages, getRun, newThread } from "../support/chat_client.ts";
import { signedIn } from "../support/signed_in.ts";
import { json, patchThread, problem } from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";
import {
  ADA,
  askWhole,
  audited,
  eraseData,
  eraseLate,
  furnish,
  type PeopleRig,
  type Person,
  rowsWith,
  startPeople,
  storeResponse,
} from "./personal_data_rig.ts";

/** Kinds of rows that hold the name of a key: the key, under its id and its hash, and the audit log. */
const KEEPS_KEY_NAMES = new Set(["ak", "akh", "au", "e"]);

const DAY_MS = 24 * 60 * 60_000;

/** Kinds of rows that an erasure leaves in a user's space: what the outbox has holds ids alone. */
async function kindsLeft({ app }: PeopleRig, who: Person): Promise<string[]> {
  const space = userSpace(FIRST_WORKSPACE, who.id);
  const rows = app.services.store.kv.list(allOf(space));
  const kinds = await Array.fromAsync(rows, ({ key }) => String(key[1]));
  return [...new Set(kinds)].sort();
}

/** Keys of the server's own rows of a kind. */
async function rowsOfKind({ app }: PeopleRig, kind: string) {
  const rows = app.services.store.kv.list({ prefix: ["sys", kind] });
  return await Array.fromAsync(rows, ({ key }) => key);
}

/** Sweeps until the erasures that are due are done. */
async function erase({ app }: PeopleRig): Promise<void> {
  await app.services.personalData.erasures.sweep(AbortSignal.timeout(30_000));
}

async function threadIds(who: Person): Promise<string[]> {
  const { items } = await json<Page<Thread>>(await who.fetch("/api/threads"));
  return items.map(({ id }) => id);
}

/** Events, and what consumers make of them: the search index may be told of the end of a thread last. */
const COMES_LATE = new Set(["e", "et", "sg", "sx"]);

Deno.test("DELETE /api/me/data: nothing that the user wrote or was answered is left, and others keep all", async () => {
  await using rig = await startPeople({
    configFile: { requestLog: { bodies: true } },
  });
  const { app, owner, ada } = rig;
  const mine = await furnish(ada, "Adaword");
  const theirs = await furnish(owner, "Ownerword");
  const response = await storeResponse(app, mine);
  const other = await storeResponse(app, theirs);
  const ownersBefore = await rowsWith(app, "Ownerword");
  await waitFor(
    "the log of requests",
    async () =>
      (await rowsWith(app, "Over v1: Adaword"))
        .some((key) => key.includes('"qb"')),
  );

  await eraseData(rig, ada);
  await eraseLate(rig);
  assert.ok(!(await kindsLeft(rig, ada)).includes("sg"), "the index");
  assert.deepEqual(await threadIds(ada), []);
  // The key goes on, and its name with it; the audit log says that it was made.
  const left = new Set(
    (await rowsWith(app, "Adaword")).map((key) => JSON.parse(key)[1]),
  );
  assert.deepEqual([...left.difference(KEEPS_KEY_NAMES)], []);
  const space = userSpace(FIRST_WORKSPACE, ada.id);
  assert.deepEqual(
    (await rowsWith(app, "Adaword"))
      .filter((key) => JSON.parse(key)[0] === space),
    [],
    "what was told of it names it no more",
  );
  assert.deepEqual(
    (await rowsOfKind(rig, "sd")).filter((key) => key.includes(space)),
    [],
    "its schedule is due no more",
  );
  for (const id of [mine.threadId, ...mine.runIds]) {
    const rows = (await rowsWith(app, id))
      .filter((key) => !/"(lg|rq|rx|e|au|ql|qs|qi|ca|ci)"/.test(key));
    assert.deepEqual(rows, [], id);
  }
  const asKey = (key: string) => ({
    headers: { authorization: `Bearer ${key}` },
  });
  const gone = await app.fetch(`/v1/responses/${response}`, asKey(mine.key));
  await gone.body?.cancel();
  assert.equal(gone.status, 404);
  const kept = await app.fetch(`/v1/responses/${other}`, asKey(theirs.key));
  await kept.body?.cancel();
  assert.equal(kept.status, 200);
  const ownersAfter = new Set(await rowsWith(app, "Ownerword"));
  assert.deepEqual(
    ownersBefore.filter((key) =>
      !ownersAfter.has(key) && !key.includes('"sg"')
    ),
    [],
  );
  assert.equal((await getMessages(owner, theirs.threadId)).length, 2);

  // The ledger keeps what was used, with the user's id.
  const ledger = await Array.fromAsync(
    app.services.ledger.rows(
      FIRST_WORKSPACE,
      0,
      Date.now() + 1,
      AbortSignal.timeout(5_000),
    ),
  );
  assert.equal(ledger.filter(({ user }) => user === ada.id).length, 4);
  const events = (await audited(rig, "data.deleted"))
    .filter(({ data }) => data.details.kind === "data");
  assert.deepEqual(events.map(({ subject }) => subject), [ada.id]);
  assert.deepEqual(
    await json(await ada.fetch("/api/me/data")),
    { deleting: false },
  );
});

Deno.test("DELETE /api/me/data: kept answers go too, from memory and store", async () => {
  const text = "Adaword";
  await using rig = await startPeople({
    upstream: { behaviour: { text, split: false } },
  });
  const { app, ada, upstream } = rig;
  const { key } = await json<{ key: string }>(
    await ada.post("/api/keys", { name: "k", scopes: ["v1"] }),
    201,
  );
  const again = async () => {
    const response = await app.post("/v1/chat/completions", {
      model: "fake-1",
      seed: 1,
      messages: [{ role: "user", content: "x" }],
    }, { authorization: `Bearer ${key}` });
    await response.body?.cancel();
    return response.headers.get("x-freshet-cache");
  };
  const kept = async () =>
    (await rowsWith(app, text)).filter((row) => row.includes('"ca"'));
  assert.equal(await again(), "miss");
  await waitFor("the kept answer", async () => (await kept()).length === 1);
  assert.equal(await again(), "hit-l1");
  await eraseData(rig, ada);
  // The sweep in the background may have been faster to begin.
  await waitFor("the purge", async () => (await kept()).length === 0);
  assert.equal(await again(), "miss");
  assert.equal(upstream.chats().length, 2);
});

Deno.test("DELETE /api/me/data: stops what answers, and leaves what comes after it", async () => {
  await using rig = await startPeople();
  const { app, ada, upstream } = rig;
  upstream.hold();
  const thread = await newThread(ada, { title: "Old" });
  const { run } = await ask(ada, thread.id, { message: { content: "x" } });
  const chat = await upstream.waitForChat(0);
  await json(await ada.fetch("/api/me/data", { method: "DELETE" }), 202);
  const fresh = await newThread(ada, { title: "Fresh" });
  await waitFor("the provider's socket to close", () => chat.closedAt);
  await waitFor("the end", async () => {
    const { deleting } = await json<{ deleting: boolean }>(
      await ada.fetch("/api/me/data"),
    );
    return !deleting;
  });
  assert.deepEqual(await threadIds(ada), [fresh.id]);
  const gone = await ada.fetch(`/api/runs/${run.id}`);
  await gone.body?.cancel();
  assert.equal(gone.status, 404);
  // Its tokens are billed all the same.
  assert.ok((await rowsWith(app, run.id)).some((key) => key.includes('"lg"')));
  upstream.release();
  const { run: next } = await ask(ada, fresh.id, { message: { content: "y" } });
  await waitFor(
    "the answer",
    async () => (await getRun(ada, next.id)).status === "completed",
  );
});

Deno.test("DELETE /api/me/data: many threads go, and search finds none of them", async () => {
  await using rig = await startPeople();
  const { ada } = rig;
  const word = "Hochwasserscheitel";
  for (let index = 0; index < 30; index += 1) await askWhole(ada, word);
  const hits = async () => {
    const answer = await json<Page<unknown>>(
      await ada.fetch(`/api/search?q=${word}`),
    );
    return answer.items.length;
  };
  await waitFor("the index", async () => await hits() > 0);
  await eraseData(rig, ada);
  assert.equal(await hits(), 0);
  assert.deepEqual(await threadIds(ada), []);
});

Deno.test("DELETE /api/me: asks for the password, ends sessions and keys, and erases", async () => {
  await using rig = await startPeople();
  const { app, ada, owner } = rig;
  const mine = await furnish(ada, "Adaword");
  for (const body of [{}, { password: "wrong" }, { email: ADA.email }]) {
    await problem(
      await ada.send("DELETE", "/api/me", body),
      403,
      "wrong_password",
    );
  }
  assert.deepEqual(await threadIds(ada), [mine.threadId]);
  const ended = await ada
    .send("DELETE", "/api/me", { password: ADA.password });
  assert.equal(ended.status, 204, await ended.text());
  assert.match(ended.headers.get("set-cookie")!, /Max-Age=0/);
  await problem(await ada.fetch("/api/threads"), 401, "sign_in_needed");
  await assert.rejects(signedIn(app, ADA), /Not signed in: 401/);
  await erase(rig);
  const models = await app.fetch("/v1/models", {
    headers: { authorization: `Bearer ${mine.key}` },
  });
  await models.body?.cancel();
  assert.equal(models.status, 401);
  const { items } = await json<Page<{ id: string }>>(
    await owner.fetch("/api/users"),
  );
  assert.ok(!items.some(({ id }) => id === ada.id));
  assert.ok(
    (await audited(rig, "data.deleted")).some(({ subject, data }) =>
      subject === ada.id && data.details.kind === "account"
    ),
  );
  // What was on its way is looked for again after an hour, the outbox with it.
  const before = await kindsLeft(rig, ada);
  assert.deepEqual(before.filter((kind) => !COMES_LATE.has(kind)), []);
  await eraseLate(rig);
  assert.deepEqual(await kindsLeft(rig, ada), []);
  assert.deepEqual(await rowsOfKind(rig, "er"), []);
  // The address is free again.
  await json(await owner.post("/api/users", { ...ADA, role: "viewer" }), 201);
  const anew = await signedIn(app, ADA);
  const threads = await json<Page<Thread>>(await anew.fetch("/api/threads"));
  assert.deepEqual(threads.items, []);
});

Deno.test("DELETE /api/me: alerts of the budget name who is gone no more, and others keep theirs", async () => {
  await using rig = await startPeople();
  const { app, owner, ada } = rig;
  const { kv } = app.services.store;
  const rowsAbout = ({ id }: Person) => ({
    told: toldSignalKey(FIRST_WORKSPACE, `user:${id}`, "budget_warned", "m"),
    ended: endedAlertKey(FIRST_WORKSPACE, Date.now(), `budget user:${id} m`),
  });
  const about = { ada: rowsAbout(ada), owner: rowsAbout(owner) };
  for (
    const [who, { told, ended }] of [
      [ada, about.ada],
      [owner, about.owner],
    ] as const
  ) {
    const name = "this month’s budget of a person";
    const facts = { series: `user:${who.id} m`, name };
    await app.services.owner.incarnation.lane.write({
      sets: [
        { key: told, value: { v: 1, name, detail: null, untilMs: null } },
        { key: ended, value: { v: 1, facts } },
      ],
      urgency: "now",
    });
  }
  const gone = await ada.send("DELETE", "/api/me", { password: ADA.password });
  await gone.body?.cancel();
  assert.ok(gone.ok, String(gone.status));
  await eraseLate(rig);
  const isThere = async (key: Deno.KvKey) =>
    (await kv.get(key)).versionstamp !== null;
  assert.equal(await isThere(about.ada.told), false);
  assert.equal(await isThere(about.ada.ended), false);
  assert.equal(await isThere(about.owner.told), true);
  assert.equal(await isThere(about.owner.ended), true);
});

Deno.test("DELETE /api/me: the last owner stays, and keeps what they have", async () => {
  await using rig = await startPeople();
  const { owner } = rig;
  const mine = await furnish(owner, "Ownerword");
  await problem(
    await owner.send("DELETE", "/api/me", {
      password: "the owner's password",
    }),
    409,
    "last_owner",
  );
  await erase(rig);
  assert.deepEqual(await threadIds(owner), [mine.threadId]);
});

Deno.test("DELETE /api/me: no key may, nor one whose body is wrong", async () => {
  await using rig = await startPeople();
  const { app, ada } = rig;
  const { key } = await json<{ key: string }>(
    await ada.post("/api/keys", { name: "k", scopes: ["api"] }),
    201,
  );
  for (const path of ["/api/me", "/api/me/data"]) {
    const response = await app.fetch(path, {
      method: "DELETE",
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ password: ADA.password }),
    });
    await problem(response, 403, "forbidden");
  }
  for (const body of [[], { password: 1 }, { passwort: "x" }]) {
    const response = await ada.send("DELETE", "/api/me", body);
    await response.body?.cancel();
    assert.equal(response.status, 400);
  }
});

Deno.test("retention: threads go that nobody touched for so many days, but for pinned ones", async () => {
  await using rig = await startPeople();
  const { app, owner, ada } = rig;
  const path = `/api/workspaces/${FIRST_WORKSPACE}`;
  const workspace = await json<{ version: number; threadsDays: unknown }>(
    await owner.fetch(path),
  );
  assert.equal(workspace.threadsDays, null);
  const old = await newThread(ada, { title: "Old" });
  const pinned = await newThread(ada, { title: "Pinned" });
  await patchThread(ada, pinned, { pinned: true });
  const { threadRetention } = app.services.personalData;
  const sweep = (days: number) =>
    threadRetention.sweep(
      AbortSignal.timeout(10_000),
      Date.now() + days * DAY_MS,
    );
  assert.equal(await sweep(1_000), 0, "no workspace has said so");

  const change = (who: Person, threadsDays: unknown) =>
    who.send("PATCH", path, { threadsDays }, { "if-match": "*" });
  await problem(await change(ada, 30), 403, "forbidden");
  for (const days of [0, -1, 1.5, "30", 40_000]) {
    const response = await change(owner, days);
    await response.body?.cancel();
    assert.equal(response.status, 400, String(days));
  }
  const { threadsDays } = await json<{ threadsDays: number }>(
    await change(owner, 30),
  );
  assert.equal(threadsDays, 30);
  assert.equal(await sweep(29), 0);
  // Somebody comes back to it.
  const young = await newThread(owner, { title: "Young" });
  assert.equal(await sweep(31), 2);
  assert.equal(await sweep(31), 0);
  assert.deepEqual(await threadIds(ada), [pinned.id]);
  assert.deepEqual(await threadIds(owner), []);
  const restored = await ada
    .fetch(`/api/threads/${old.id}/restore`, { method: "POST" });
  await restored.body?.cancel();
  assert.equal(restored.status, 200, "as every deletion it can be undone");
  const events = (await audited(rig, "data.deleted"))
    .filter(({ data }) => data.details.kind === "retention of threads");
  assert.deepEqual(events.map(({ data }) => data.details.count), [2]);
  assert.ok(young.id !== old.id);
});

Deno.test("retention: what is being answered stays", async () => {
  await using rig = await startPeople();
  const { app, owner, upstream } = rig;
  upstream.hold();
  const thread = await newThread(owner);
  await ask(owner, thread.id, { message: { content: "x" } });
  await upstream.waitForChat(0);
  await json(
    await owner.send("PATCH", `/api/workspaces/${FIRST_WORKSPACE}`, {
      threadsDays: 1,
    }, { "if-match": "*" }),
  );
  const { threadRetention } = app.services.personalData;
  const swept = await threadRetention.sweep(
    AbortSignal.timeout(10_000),
    Date.now() + 100 * DAY_MS,
  );
  assert.equal(swept, 0);
  assert.deepEqual(await threadIds(owner), [thread.id]);
});

Deno.test("DELETE workspace: what people had in it goes, and what they have elsewhere stays", async () => {
  await using rig = await startPeople();
  const { app, owner } = rig;
  const kept = await furnish(owner, "Elsewhere");
  const made = await json<{ id: string; version: number }>(
    await owner.post("/api/workspaces", { name: "Second" }),
    201,
  );
  const inside = { "x-freshet-workspace": made.id };
  const there: Person = {
    ...owner,
    post: (path, body, headers = {}) =>
      owner.post(path, body, { ...headers, ...inside }),
    fetch: (path, init = {}) =>
      owner.fetch(path, {
        ...init,
        headers: {
          ...Object.fromEntries(new Headers(init.headers)),
          ...inside,
        },
      }),
  };
  const gone = await furnish(there, "Within");
  const deleted = await owner.fetch(`/api/workspaces/${made.id}`, {
    method: "DELETE",
    headers: { "if-match": "*" },
  });
  assert.equal(deleted.status, 204, await deleted.text());
  const space = userSpace(made.id, owner.id);
  const kindsThere = async () => {
    const rows = app.services.store.kv.list(allOf(space));
    return [
      ...new Set(await Array.fromAsync(rows, ({ key }) => String(key[1]))),
    ];
  };
  await waitFor(
    "the threads to go",
    async () => !(await kindsThere()).some((kind) => kind === "t"),
  );
  await eraseLate(rig);
  assert.deepEqual(await kindsThere(), []);
  const models = await app.fetch("/v1/models", {
    headers: { authorization: `Bearer ${gone.key}` },
  });
  await models.body?.cancel();
  assert.equal(models.status, 401);
  // The account is the same, and what it has in the first workspace.
  assert.deepEqual(await threadIds(owner), [kept.threadId]);
  assert.equal((await getMessages(owner, kept.threadId)).length, 2);
});
