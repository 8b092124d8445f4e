import assert from "node:assert/strict";
import * as keys from "@/lib/kv/keys.ts";
import { newId } from "@/lib/shared/ids.ts";
import { idTimeBound } from "@/lib/shared/id_time.ts";
import { blobsIn, type RowScope, takesRow } from "./erasure_scope.ts";

const SPACE = "wsp_a/usr_b";
/** Ids of now are on either side of it. */
const BEFORE_MS = Date.now() + 60_000;
const SINCE_MS = Date.now() - 60_000;

function takes(
  scope: Partial<RowScope>,
  key: Deno.KvKey,
  value: unknown = { v: 1 },
): boolean {
  return takesRow(
    {
      beforeMs: null,
      withEvents: false,
      withIndex: false,
      withDocumentIndex: false,
      ...scope,
    },
    keys.parseKind(key),
    key,
    value,
  );
}

Deno.test("idTimeBound: lies before the ids made from then on, and behind those before", () => {
  for (let index = 0; index < 1_000; index += 1) {
    const at = Date.now();
    const id = newId("run").slice(4);
    assert.ok(id >= idTimeBound(at - 1));
    assert.ok(id < idTimeBound(Date.now() + 5));
  }
});

Deno.test("takesRow: a row is taken by the time in the id that it is about", () => {
  const rows: [Deno.KvKey, unknown?][] = [
    [keys.projectKey(SPACE, newId("prj"))],
    [keys.taskKey(SPACE, newId("tsk"))],
    [keys.taskGroupKey(SPACE, { project: newId("prj") }, newId("tsk"))],
    [keys.taskGroupKey(SPACE, { tag: "x", generation: 1 }, newId("tsk"))],
    [keys.runKey(SPACE, newId("run"))],
    [keys.runLogKey(SPACE, newId("run"), 1, 5)],
    [keys.runPromptKey(SPACE, newId("run"))],
    [keys.idempotencyKey(SPACE, "tasks", "hash"), { v: 1, id: newId("tsk") }],
    [keys.chatRunKey(SPACE, "chat"), { v: 1, runId: newId("run") }],
    [keys.tagKey(SPACE, "x"), { v: 1, createdAt: new Date().toISOString() }],
  ];
  for (const [key, value] of rows) {
    const shown = JSON.stringify(key);
    assert.equal(takes({ beforeMs: BEFORE_MS }, key, value), true, shown);
    assert.equal(takes({ beforeMs: SINCE_MS }, key, value), false, shown);
    assert.equal(takes({}, key, value), true, shown);
  }
  const group = keys.taskGroupKey(
    SPACE,
    { project: `prj_${"0".repeat(22)}` },
    newId("tsk"),
  );
  assert.equal(takes({ beforeMs: SINCE_MS }, group), false);
});

Deno.test("takesRow: rows of threads go with their thread, those of the outbox and the index when told", () => {
  const thread = keys.threadKey(SPACE, newId("thr"));
  assert.equal(takes({ beforeMs: BEFORE_MS }, thread), false);
  assert.equal(takes({}, thread), true);
  const events = keys.eventsKey(SPACE, "00000000000000010000");
  assert.equal(takes({}, events), false);
  assert.equal(takes({ withEvents: true }, events), true);
  const trim = keys.eventsTrimKey(SPACE);
  assert.equal(takes({ withEvents: true }, trim), true);
  assert.equal(takes({ withEvents: true, beforeMs: BEFORE_MS }, trim), false);
  const segment = keys.searchSegmentKey(SPACE, "s", 0);
  assert.equal(takes({}, segment), false);
  assert.equal(takes({ withIndex: true, beforeMs: SINCE_MS }, segment), true);
});

Deno.test("takesRow: events go with what they tell of, however late they were told", () => {
  const key = keys.eventsKey(SPACE, "00000000000000010000");
  const at = Date.now();
  const envelope = { v: 1, ev: [{ at, subject: newId("job"), data: {} }] };
  const late = { v: 1, ev: [{ ...envelope.ev[0], at: BEFORE_MS + 1 }] };
  for (const value of [envelope, late]) {
    assert.equal(
      takes({ withEvents: true, beforeMs: BEFORE_MS }, key, value),
      true,
    );
    assert.equal(takes({ beforeMs: BEFORE_MS }, key, value), false);
    assert.equal(
      takes({ withEvents: true, beforeMs: SINCE_MS }, key, value),
      false,
    );
  }
});

Deno.test("blobsIn: finds every blob that a value names", () => {
  const manifest = { v: 1, blob: "b1", parts: 2, length: 3, sha256: "x" };
  const found = { blob: "b1", parts: 2 };
  assert.deepEqual(blobsIn({ v: 1, text: { blob: manifest } }), [found]);
  assert.deepEqual(
    blobsIn({ a: [{ blob: manifest }, null, "x"], b: { blob: manifest } }),
    [found, found],
  );
  for (const value of [null, 1, "blob", new Uint8Array(9), { blob: 1 }, {}]) {
    assert.deepEqual(blobsIn(value), []);
  }
});
