/** Threads in a store for tests, with answers of every kind, and what is left of them. */
import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { MessageRecord, RunRecord, ThreadRecord } from "../records.ts";
import { THREAD_UNDO_MS, ThreadEditStore } from "../thread_edit_store.ts";
import { type DuePurge, ThreadPurgeStore } from "../thread_purge_store.ts";
import {
  type LoadedThread,
  openTextKeys,
  ThreadStore,
} from "../thread_store.ts";

export const WORKSPACE = "wsp_test";
export const AT = "2026-01-01T00:00:00.000Z";

/** What changes threads in a store. */
export function threadStores(store: Store) {
  const threads = new ThreadStore(store, () => "inc");
  return {
    threads,
    edits: new ThreadEditStore(store, threads),
    purges: new ThreadPurgeStore(store),
  };
}

function thread(): ThreadRecord {
  return {
    v: 1,
    id: newId("thr"),
    title: "River",
    titleSource: "user",
    model: null,
    createdAt: AT,
    version: 1,
  };
}

function run(threadId: string, status: RunRecord["status"]): RunRecord {
  return {
    v: 1,
    id: newId("run"),
    threadId,
    questionId: newId("msg"),
    messageId: newId("msg"),
    status,
    epoch: 1,
    owner: "inc",
    model: "m",
    provider: "p",
    finishReason: null,
    usage: null,
    error: null,
    endSeq: null,
    createdAt: AT,
    startedAt: AT,
    finishedAt: null,
  };
}

/** The message that holds the answer of a run. */
export function answer(
  of: RunRecord,
  text: MessageRecord["text"],
): MessageRecord {
  return {
    v: 1,
    id: of.messageId,
    threadId: of.threadId,
    parentId: of.questionId,
    role: "assistant",
    text,
    status: of.status === "running" ? "streaming" : "complete",
    runId: of.id,
    model: null,
    usage: null,
    error: null,
    createdAt: AT,
  };
}

/** Makes a thread with answers, the newest of which is in this state. */
export async function storeThread(
  store: Store,
  newest: RunRecord["status"],
  answers = 12,
): Promise<{ loaded: LoadedThread; newestRun: RunRecord }> {
  const { threads } = threadStores(store);
  const record = thread();
  const runs = Array.from(
    { length: answers },
    (_, index) => run(record.id, index === answers - 1 ? newest : "completed"),
  );
  const running = runs[answers - 1];
  await threads.createThread(WORKSPACE, record, {
    v: 1,
    updatedAt: AT,
    activeRunId: newest === "running" ? running.id : null,
  });
  for (const [index, each] of runs.entries()) {
    // Some are long, so that their texts are blobs of several parts, and one has a log so long that an
    // atomic of a purge ends in the middle of such a blob.
    const text = await threads.writeText(
      "x".repeat(index % 2 === 0 ? 200_000 : 9),
    );
    const unit = new UnitOfWork()
      .guard(keys.runKey(WORKSPACE, each.id), null, each)
      .set(
        keys.messageKey(WORKSPACE, record.id, each.messageId),
        answer(each, text),
      )
      .set(keys.runControlKey(WORKSPACE, each.id), { v: 1 });
    for (const open of openTextKeys(text)) unit.delete(open);
    const segments = index === 3 ? 246 : 3;
    for (let seq = 0; seq < segments; seq += 1) {
      unit.set(keys.runLogKey(WORKSPACE, each.id, 1, seq), { v: 1 });
    }
    assert.ok((await commit(store, unit)).ok);
  }
  const loaded = await threads.loadThread(WORKSPACE, record.id);
  return { loaded: loaded!, newestRun: running };
}

/** Makes a thread as `storeThread` does, and deletes it. */
export async function storeDeleted(
  store: Store,
  newest: RunRecord["status"],
  answers?: number,
): Promise<{ due: DuePurge; newestRun: RunRecord }> {
  const { loaded, newestRun } = await storeThread(store, newest, answers);
  assert.ok(await threadStores(store).edits.delete(WORKSPACE, loaded));
  const dueAtMs = store.clock.now() + THREAD_UNDO_MS;
  const thread = loaded.record.id;
  return { due: { dueAtMs, space: WORKSPACE, thread }, newestRun };
}

/** Keys of all rows but events. */
export async function rowsOf(store: Store): Promise<string[]> {
  const all = await Array.fromAsync(store.kv.list({ prefix: [] }));
  return all.map(({ key }) => key)
    .filter((key) =>
      !["e", "en", "ent", "gen", "schema"].includes(String(key[1]))
    )
    .map((key) => JSON.stringify(key));
}

/** Types of the events that tell of threads, oldest first. */
export async function threadEvents(store: Store): Promise<string[]> {
  const found = store.kv.list<EnvelopeRecord>(
    keys.eventsAfter(WORKSPACE, null),
  );
  const events = (await Array.fromAsync(found)).flatMap(({ value }) =>
    value.ev
  );
  return events.map(({ type }) => type);
}
