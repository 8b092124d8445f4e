import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { ExpiryKv } from "@/lib/kv/testing/expiry_kv.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { openStore } from "@/lib/kv/open.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { ThreadRecord } from "./records.ts";
import { ThreadEditStore } from "./thread_edit_store.ts";
import { expiryOf, TEMPORARY_MS } from "./thread_expiry.ts";
import { openTextKeys, ThreadStore } from "./thread_store.ts";
import { TemporaryStore } from "./thread_temporary_store.ts";

const WORKSPACE = "wsp_test";
const EXPIRY = expiryOf({ temporary: true });

function thread(temporary: boolean, createdAt: string): ThreadRecord {
  return {
    v: 1,
    id: newId("thr"),
    title: "River",
    titleSource: "user",
    model: null,
    temporary,
    createdAt,
    version: 1,
  };
}

/** Makes a thread with one question and one answer that is a blob, and rows of its run. */
async function fill(store: Store, record: ThreadRecord): Promise<void> {
  const threads = new ThreadStore(store, () => "inc");
  const expiry = { expireInMs: expiryOf(record) };
  await threads.createThread(WORKSPACE, record, {
    v: 1,
    updatedAt: record.createdAt,
    activeRunId: null,
  });
  const [message, run] = [newId("msg"), newId("run")];
  const text = await threads.writeText("x".repeat(700_000), expiry.expireInMs);
  const unit = new UnitOfWork()
    .guard(
      keys.messageKey(WORKSPACE, record.id, message),
      null,
      { v: 1, id: message, text, runId: run },
      expiry,
    )
    .set(keys.runKey(WORKSPACE, run), { v: 1, status: "completed" }, expiry);
  for (const open of openTextKeys(text)) unit.delete(open);
  for (let seq = 0; seq < 20; seq += 1) {
    unit.set(keys.runLogKey(WORKSPACE, run, 1, seq), { v: 1 }, expiry);
  }
  assert.ok((await commit(store, unit)).ok);
}

Deno.test("temporary thread: every row of it expires, and each is renewed by refresh", async () => {
  let expiry!: ExpiryKv;
  const store = await openStore({
    location: ":memory:",
    wrap: (kv) => expiry = new ExpiryKv(kv),
  });
  try {
    const threads = new ThreadStore(store, () => "inc");
    expiry.expiries.clear();
    const record = thread(true, new Date().toISOString());
    await fill(store, record);
    const rows = await Array.fromAsync(store.kv.list({ prefix: [] }));
    const all = rows.map(({ key }) => JSON.stringify(key))
      .filter((key) => expiry.expiries.has(key)).sort();
    assert.ok(all.length > 30, `${all.length} rows`);
    assert.deepEqual(new Set(expiry.expiries.values()), new Set([EXPIRY]));

    expiry.expiries.clear();
    const before = await threads.loadThread(WORKSPACE, record.id);
    await new TemporaryStore(store, threads).refresh(WORKSPACE, record.id);
    assert.deepEqual([...expiry.expiries.keys()].sort(), all);
    assert.deepEqual(new Set(expiry.expiries.values()), new Set([EXPIRY]));
    const after = await threads.loadThread(WORKSPACE, record.id);
    assert.equal(after!.record.version, before!.record.version);

    const edits = new ThreadEditStore(store, threads);
    await edits.replace(WORKSPACE, after!, {
      ...after!.record,
      title: "Lake",
    }, ["title"]);
    assert.deepEqual(new Set(expiry.expiries.values()), new Set([EXPIRY]));

    // A thread that is kept is left alone.
    const kept = thread(false, new Date().toISOString());
    await fill(store, kept);
    expiry.expiries.clear();
    await new TemporaryStore(store, threads).refresh(WORKSPACE, kept.id);
    assert.deepEqual([...expiry.expiries], []);
  } finally {
    store.close();
  }
});

Deno.test("temporary thread: it is there until an hour after its last answer, and while it answers", async () => {
  using test = await openTestStore();
  const threads = new ThreadStore(test.store, () => "inc");
  const record = thread(true, new Date(test.clock.now()).toISOString());
  await test.drive(fill(test.store, record));
  const isThere = async () =>
    await test.drive(threads.loadThread(WORKSPACE, record.id)) !== null;
  const activity = async (activeRunId: string | null) => {
    const key = keys.threadActivityKey(WORKSPACE, record.id);
    const { versionstamp } = await test.calm.kv.get(key);
    const updatedAt = new Date(test.clock.now()).toISOString();
    const unit = new UnitOfWork()
      .guard(key, versionstamp, { v: 1, updatedAt, activeRunId });
    assert.ok((await test.drive(commit(test.store, unit))).ok);
  };
  test.clock.advance(TEMPORARY_MS - 1);
  assert.ok(await isThere());
  await activity(newId("run"));
  test.clock.advance(TEMPORARY_MS + 1);
  assert.ok(await isThere());
  await activity(null);
  test.clock.advance(TEMPORARY_MS - 1);
  assert.ok(await isThere());
  test.clock.advance(1);
  assert.ok(!await isThere());
});

Deno.test("temporary thread: a refresh undoes no change that comes between", async () => {
  using test = await openTestStore();
  const threads = new ThreadStore(test.store, () => "inc");
  const edits = new ThreadEditStore(test.store, threads);
  const record = thread(true, new Date(test.clock.now()).toISOString());
  await test.drive(fill(test.store, record));
  const temporary = new TemporaryStore(test.store, threads);
  for (let round = 0; round < 20; round += 1) {
    const loaded = (await test.drive(
      threads.loadThread(WORKSPACE, record.id),
    ))!;
    const title = `round ${round}`;
    const [ok] = await test.drive(Promise.all([
      edits.replace(WORKSPACE, loaded, { ...loaded.record, title }, ["title"]),
      temporary.refresh(WORKSPACE, record.id),
    ]));
    const now = await test.drive(threads.loadThread(WORKSPACE, record.id));
    assert.equal(now!.record.title, ok ? title : loaded.record.title);
  }
});
