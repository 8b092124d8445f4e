import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import {
  cursorKey,
  eventsAfter,
  eventsNoticesAfter,
  runKey,
} from "@/lib/kv/keys.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import { openStore } from "@/lib/kv/open.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { readEventsAfter } from "./read_events.ts";
import type { ConsumedEvent, CursorRecord } from "./consumer.ts";
import { OutboxTrim } from "./trim.ts";

const SIGNAL = new AbortController().signal;

/** Makes atomics of two events each. */
async function emit(store: Store, space: string, atomics: number) {
  for (let made = 0; made < atomics; made += 1) {
    const unit = new UnitOfWork()
      .guard(runKey(space, crypto.randomUUID()), null, { v: 1 });
    for (const subject of ["a", "b"]) {
      unit.event(space, { type: "test.made", at: made, subject, data: {} });
    }
    assert.ok((await commit(store, unit)).ok);
  }
}

async function putCursor(store: Store, name: string, vs: string) {
  const { versionstamp } = await get(store, cursorKey(name));
  const record: CursorRecord = { v: 1, gen: store.generation, vs };
  const unit = new UnitOfWork().guard(cursorKey(name), versionstamp, record);
  assert.ok((await commit(store, unit)).ok);
}

const envelopesOf = (store: Store, space: string) =>
  Array.fromAsync(list<EnvelopeRecord>(store, eventsAfter(space, null)));

/** Lets the trim look at the spaces with events. */
async function trimAll(trim: OutboxTrim) {
  const events = ["wsp_a", "wsp_b"].map((space): ConsumedEvent => ({
    space,
    versionstamp: "",
    index: 0,
    event: { type: "test.made", at: 0, subject: "a", data: {} },
  }));
  await trim.handle(events);
  await trim.committed(SIGNAL);
}

Deno.test("OutboxTrim: the newest events of each space stay, with their notices", async () => {
  const store = await openStore({ location: ":memory:" });
  await emit(store, "wsp_a", 20);
  await emit(store, "wsp_b", 3);
  await putCursor(store, "other", "f".repeat(20));
  const trim = new OutboxTrim(store, () => ["other"], {
    keptEvents: 10,
    eventsBetweenLooks: 1,
  });
  await trimAll(trim);
  const kept = await envelopesOf(store, "wsp_a");
  assert.deepEqual(
    kept.map(({ value }) => value.ev[0].at),
    [15, 16, 17, 18, 19],
  );
  assert.equal((await envelopesOf(store, "wsp_b")).length, 3);
  const notices = await Array.fromAsync(list(store, eventsNoticesAfter(null)));
  assert.equal(notices.length, 10);
  store.close();
});

Deno.test("OutboxTrim: nothing goes that a consumer has not handled", async () => {
  const store = await openStore({ location: ":memory:" });
  await emit(store, "wsp_a", 20);
  const rows = await envelopesOf(store, "wsp_a");
  await putCursor(store, "fast", "f".repeat(20));
  await putCursor(store, "slow", String(rows[4].key.at(-1)));
  const options = { keptEvents: 2, eventsBetweenLooks: 1 };
  await trimAll(
    new OutboxTrim(store, () => ["fast", "slow"], options),
  );
  assert.equal((await envelopesOf(store, "wsp_a"))[0].value.ev[0].at, 5);
  await trimAll(
    new OutboxTrim(store, () => ["fast", "not begun"], options),
  );
  assert.equal((await envelopesOf(store, "wsp_a"))[0].value.ev[0].at, 5);
  store.close();
});

Deno.test("readEventsAfter: a cursor behind the trim is told, one at it goes on", async () => {
  const store = await openStore({ location: ":memory:" });
  await emit(store, "wsp_a", 6);
  const rows = await envelopesOf(store, "wsp_a");
  await putCursor(store, "other", "f".repeat(20));
  await trimAll(
    new OutboxTrim(store, () => ["other"], {
      keptEvents: 3,
      eventsBetweenLooks: 1,
    }),
  );
  const vsOf = (index: number) => String(rows[index].key.at(-1));
  const notices = await Array.fromAsync(list(store, eventsNoticesAfter(null)));
  assert.equal(String(notices[0].key.at(-1)), vsOf(3));
  assert.equal(await readEventsAfter(store, { vs: vsOf(1) }, SIGNAL), null);
  const events = await readEventsAfter(store, { vs: vsOf(3) }, SIGNAL);
  assert.equal(events?.length, 4);
  store.close();
});
