/** Making threads: twice by accident, for an hour only, and in two processes. */
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import * as keys from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { ExpiryKv } from "@/lib/kv/testing/expiry_kv.ts";
import { drain } from "@/lib/lifespan.ts";
import { startServices } from "@/lib/services.ts";
import type { Page, Thread } from "@/lib/shared/wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  ask,
  followRun,
  getMessages,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import {
  deleteThread,
  eventsOf,
  json,
  patchThread,
  problem,
  threadCall,
} from "../support/thread_client.ts";
import { waitFor } from "../support/wait.ts";

const make = (app: TestApp, body: unknown, key: string) =>
  app.post("/api/threads", body, { "idempotency-key": key });

async function listedIds(app: TestApp): Promise<string[]> {
  const page = await json<Page<Thread>>(
    await app.fetch("/api/threads?archived=all"),
  );
  return page.items.map(({ id }) => id);
}

Deno.test("Idempotency-Key: the same request makes one thread, however often and at once", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => make(app, { title: "River" }, "a-key")),
  );
  const threads = await Promise.all(
    answers.map((answer) => json<Thread>(answer, 201)),
  );
  for (const thread of threads) assert.deepEqual(thread, threads[0]);
  assert.deepEqual(await listedIds(app), [threads[0].id]);
  assert.equal((await eventsOf(app, threads[0].id)).length, 1);
  // As it is now, not as it was.
  await patchThread(app, threads[0], { title: "Renamed" });
  const again = await make(app, { title: "River" }, "a-key");
  assert.equal(again.headers.get("location"), `/api/threads/${threads[0].id}`);
  assert.equal(again.headers.get("etag"), '"2"');
  assert.equal((await json<Thread>(again, 201)).title, "Renamed");
});

Deno.test("Idempotency-Key: another body is 422, another key another thread, a bad key 400", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const first = await json<Thread>(await make(app, { title: "a" }, "k"), 201);
  await problem(
    await make(app, { title: "b" }, "k"),
    422,
    "idempotency_key_reused",
  );
  await problem(await make(app, {}, "k"), 422, "idempotency_key_reused");
  const other = await json<Thread>(await make(app, { title: "a" }, "K"), 201);
  assert.notEqual(other.id, first.id);
  for (const key of ["", "x".repeat(256), "a key", "schlüssel"]) {
    await problem(await make(app, {}, key), 400, "invalid_request");
  }
  const longest = await make(app, {}, "x".repeat(255));
  assert.equal(longest.status, 201);
  await longest.body?.cancel();
  assert.equal((await listedIds(app)).length, 3);
});

Deno.test("Idempotency-Key: a request that was refused has used no key", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const refused = { model: "no-such-model" };
  await problem(await make(app, refused, "k"), 404, "model_not_found");
  await json(await make(app, { model: "fake-1" }, "k"), 201);
});

Deno.test("Idempotency-Key: a thread that was deleted is not made again by a repetition", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const { id } = await json<Thread>(await make(app, {}, "k"), 201);
  await deleteThread(app, id);
  await problem(await make(app, {}, "k"), 409, "thread_deleted");
  await json(await app.fetch(`/api/threads/${id}/restore`, { method: "POST" }));
  assert.equal((await json<Thread>(await make(app, {}, "k"), 201)).id, id);
});

Deno.test("temporary thread: it is there by its id, in no list, and nothing is told of it", async () => {
  await using rig = await startChat();
  const { app } = rig;
  const thread = await newThread(app, { temporary: true, title: "Secret" });
  assert.equal(thread.temporary, true);
  assert.deepEqual(await getThread(app, thread.id), thread);
  const renamed = await patchThread(app, thread, { title: "More" });
  assert.equal(renamed.temporary, true);
  assert.deepEqual(await listedIds(app), []);
  await deleteThread(app, thread.id);
  await json(
    await app.fetch(`/api/threads/${thread.id}/restore`, { method: "POST" }),
  );
  assert.deepEqual(await eventsOf(app, thread.id), []);
  await deleteThread(app, thread.id);
  assert.equal(await app.services.threadPurge.sweep(Date.now() + 31_000), 1);
  const rows = app.services.store.kv.list({ prefix: [LOCAL_SPACE] });
  assert.deepEqual(await Array.fromAsync(rows, ({ key }) => key), []);
});

Deno.test("temporary thread: all that its questions and answers leave in the store comes to its end", async () => {
  let expiry!: ExpiryKv;
  const text = "Wasserstand ".repeat(20_000);
  await using rig = await startChat({ behaviour: { text, split: false } }, {
    wrapKv: (kv) => expiry = new ExpiryKv(kv),
  });
  const { app } = rig;
  const { id } = await newThread(app, { temporary: true });
  for (const content of ["q".repeat(40_000), "short"]) {
    await followRun(app, (await ask(app, id, { message: { content } })).run.id);
  }
  const messages = await getMessages(app, id);
  assert.deepEqual(
    messages.map(({ content }) => content.length),
    [40_000, text.length, 5, text.length],
  );
  // Stays by intent: who the owner is, what was used for the bill, what happened without any text, and the
  // program's own schedules. The log that all runs share is trimmed by itself.
  const others =
    /^\["(sys","(?!bl)|wsp_0+","(lg|u[mqhds]|rq|q[lsi]|mb|ow|en|sc)"|wsp_0+.usr_0+","e")/;
  await waitFor("every row to have an end", async () => {
    const rows = app.services.store.kv.list({ prefix: [] });
    const left = await Array.fromAsync(rows, ({ key }) => JSON.stringify(key));
    const own = left.filter((key) => !others.test(key));
    assert.ok(own.length > 10);
    return own.every((key) => expiry.expiries.get(key) !== undefined);
  });
  assert.deepEqual(await listedIds(app), []);
});

/** A second process on the store of an app, without its server. */
async function secondProcess(app: TestApp, location: string) {
  const store = await openStore({ location });
  const services = await startServices(app.config, {
    store,
    log: app.services.log,
  });
  return {
    services,
    [Symbol.asyncDispose]: () => drain(services),
  };
}

Deno.test("two processes: each sees at once what the other changed, and no change is lost", async () => {
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  try {
    const location = `${folder}/freshet.db`;
    await using rig = await startChat({}, { location });
    const { app } = rig;
    await using other = await secondProcess(app, location);
    const { threads, threadEdits, threadPurge } = other.services;
    const accept = (version: number) => (found: number) => {
      if (found !== version) throw new Error(`stale: ${found}`);
    };
    const here = await newThread(app, { title: "first" });
    const { run } = await ask(app, here.id, { message: { content: "x" } });
    await followRun(app, run.id);
    assert.equal((await threads.get(LOCAL_SPACE, here.id))?.unread, true);

    // Both change the same version: one counts.
    for (let round = 0; round < 10; round += 1) {
      const { version } = await getThread(app, here.id);
      const [mine, theirs] = await Promise.allSettled([
        threadCall(app, "PATCH", here.id, {
          ifMatch: `"${version}"`,
          body: { title: `here ${round}` },
        }),
        threadEdits.update(
          LOCAL_SPACE,
          here.id,
          { title: `there ${round}` },
          accept(version),
        ),
      ]);
      assert.ok(mine.status === "fulfilled");
      await mine.value.body?.cancel();
      const counted = [mine.value.ok, theirs.status === "fulfilled"];
      assert.equal(counted.filter(Boolean).length, 1);
      const now = await getThread(app, here.id);
      assert.equal(now.version, version + 1);
      assert.deepEqual(await threads.get(LOCAL_SPACE, here.id), now);
    }

    // Deleted there, gone here; restored here, back there.
    const { version } = await getThread(app, here.id);
    await threadEdits.delete(LOCAL_SPACE, here.id, accept(version));
    await problem(await app.fetch(`/api/threads/${here.id}`), 404, "not_found");
    const back = await json<Thread>(
      await app.fetch(`/api/threads/${here.id}/restore`, { method: "POST" }),
    );
    assert.deepEqual(await threads.get(LOCAL_SPACE, here.id), back);

    // Both purge: each thread goes once.
    const ids: string[] = [here.id];
    for (let count = 0; count < 5; count += 1) {
      const thread = await newThread(app);
      await followRun(
        app,
        (await ask(app, thread.id, { message: { content: "y" } })).run.id,
      );
      ids.push(thread.id);
    }
    for (const id of ids) await deleteThread(app, id);
    const due = Date.now() + 31_000;
    let purged = 0;
    for (let round = 0; round < 3; round += 1) {
      const counts = await Promise.all([
        app.services.threadPurge.sweep(due),
        threadPurge.sweep(due),
      ]);
      purged += counts[0] + counts[1];
    }
    assert.equal(purged, ids.length);
    for (const id of ids) {
      const events = await eventsOf(app, id);
      const ends = events.filter(({ type }) => type === "thread.purged");
      assert.equal(ends.length, 1);
      assert.equal(await threads.get(LOCAL_SPACE, id), null);
      const rows = app.services.store.kv.list(
        keys.messages(LOCAL_SPACE, id),
      );
      assert.deepEqual(await Array.fromAsync(rows), []);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("two processes: an answer that the other one writes keeps a deleted thread from its purge", async () => {
  const folder = await Deno.makeTempDir({ prefix: "freshet-test-" });
  try {
    const location = `${folder}/freshet.db`;
    await using rig = await startChat({}, { location });
    const { app } = rig;
    await using other = await secondProcess(app, location);
    const { threadEdits, threadPurge } = other.services;
    rig.upstream.hold();
    const { id } = await newThread(app);
    const { run } = await ask(app, id, { message: { content: "x" } });
    await threadEdits.delete(LOCAL_SPACE, id, () => {});
    const due = Date.now() + 31_000;
    await problem(await app.fetch(`/api/threads/${id}`), 404, "not_found");
    const messages = keys.messages(LOCAL_SPACE, id);
    const { store } = app.services;
    if (await threadPurge.sweep(due) === 0) {
      assert.equal((await Array.fromAsync(store.kv.list(messages))).length, 2);
    }
    await app.services.runs.cancel(run.id);
    await threadPurge.sweep(due);
    assert.deepEqual(await Array.fromAsync(store.kv.list(messages)), []);
    const activity = keys.threadActivityKey(LOCAL_SPACE, id);
    assert.equal((await store.kv.get(activity)).value, null);
    assert.deepEqual(await getMessages(app, (await newThread(app)).id), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
