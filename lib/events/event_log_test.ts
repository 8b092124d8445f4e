import assert from "node:assert/strict";
import { commit } from "@/lib/kv/commit.ts";
import { cursorKey, runKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { ConsumedEvent, CursorRecord } from "./consumer.ts";
import { EventLog, type LogItem } from "./event_log.ts";
import { eventId, type EventPlace, parseEventId } from "./event_view.ts";
import { readEventsAfter } from "./read_events.ts";
import { OutboxTrim } from "./trim.ts";

const SIGNAL = new AbortController().signal;
const WORKSPACE = "wsp_a";
const ANN = "wsp_a/usr_ann";
const BOB = "wsp_a/usr_bob";
const OTHER = "wsp_ab/usr_eve";

/** One atomic with an event in each of the spaces. */
async function emit(store: Store, subject: string, spaces: string[]) {
  const unit = new UnitOfWork()
    .guard(runKey(WORKSPACE, `made-${subject}`), null, { v: 1 });
  for (const space of spaces) {
    unit.event(space, { type: "test.made", at: 0, subject, data: { space } });
  }
  assert.ok((await commit(store, unit)).ok);
}

const everything = () => true;

/** All pages of a log, newest first. */
async function pages(
  read: (before: EventPlace | null) => ReturnType<EventLog["ofSpace"]>,
): Promise<LogItem[]> {
  const items: LogItem[] = [];
  let before: EventPlace | null = null;
  do {
    const page: Awaited<ReturnType<EventLog["ofSpace"]>> = await read(before);
    items.push(...page.items);
    before = page.next;
  } while (before !== null);
  return items;
}

const told = (items: readonly LogItem[]) =>
  items.map(({ space, event }) => `${event.subject} ${space}`);

Deno.test("EventLog: a workspace's log has what happens in all of its spaces, each event with a name of its own", async () => {
  const store = await openStore({ location: ":memory:" });
  const log = new EventLog(store);
  await emit(store, "1", [ANN, BOB, WORKSPACE]);
  await emit(store, "2", [OTHER]);
  await emit(store, "3", [BOB, OTHER]);
  const items = await pages((before) =>
    log.ofWorkspace(WORKSPACE, { before, limit: 2, wanted: everything })
  );
  assert.deepEqual(told(items), [
    `3 ${BOB}`,
    `1 ${WORKSPACE}`,
    `1 ${BOB}`,
    `1 ${ANN}`,
  ]);
  const ids = items.map(({ place }) => eventId(place));
  assert.equal(new Set(ids).size, ids.length);
  for (const [turn, id] of ids.entries()) {
    const place = parseEventId(id)!;
    assert.deepEqual(await log.find(items[turn].space, place), items[turn]);
    assert.deepEqual(
      await log.findInWorkspace(WORKSPACE, place),
      items[turn],
    );
    assert.equal(await log.findInWorkspace("wsp_ab", place), null);
  }
  store.close();
});

Deno.test("EventLog: events have the same names for who reads them in order", async () => {
  const store = await openStore({ location: ":memory:" });
  const log = new EventLog(store);
  for (const subject of ["1", "2"]) await emit(store, subject, [ANN, BOB]);
  const consumed = await readEventsAfter(store, { vs: "" }, SIGNAL) ?? [];
  const { items } = await log.ofWorkspace(WORKSPACE, {
    before: null,
    limit: 10,
    wanted: everything,
  });
  const nameOf = ({ versionstamp, index }: Omit<EventPlace, "generation">) =>
    `${versionstamp}.${index}`;
  assert.deepEqual(
    consumed.map((event) => `${nameOf(event)} ${event.space}`),
    items.toReversed().map(({ place, space }) => `${nameOf(place)} ${space}`),
  );
  store.close();
});

Deno.test("EventLog.from: goes on from a place, oldest first, to the end", async () => {
  const store = await openStore({ location: ":memory:" });
  const log = new EventLog(store);
  for (const subject of ["1", "2", "3"]) await emit(store, subject, [ANN, BOB]);
  const all = await pages((before) =>
    log.ofWorkspace(WORKSPACE, { before, limit: 50, wanted: everything })
  );
  const start = all[3].place;
  const { items, end } = await log.from(WORKSPACE, start);
  assert.deepEqual(told(items), told(all.slice(0, 4).toReversed()));
  assert.deepEqual(end, all[0].place);
  const behind = { ...all[0].place, index: all[0].place.index + 1 };
  assert.deepEqual(await log.from(WORKSPACE, behind), { items: [], end: null });
  const own = await log.from(ANN, { ...start, index: 0 });
  assert.deepEqual(told(own.items), [`2 ${ANN}`, `3 ${ANN}`]);
  store.close();
});

Deno.test("EventLog: a page looks at no more than it may, and the next one goes on", async () => {
  const store = await openStore({ location: ":memory:" });
  const log = new EventLog(store);
  for (let count = 0; count < 7; count += 1) {
    await emit(store, String(count), [ANN]);
  }
  const wanted = ({ event }: LogItem) => event.subject === "0";
  const first = await log.ofWorkspace(
    WORKSPACE,
    { before: null, limit: 5, wanted },
    SIGNAL,
    3,
  );
  assert.equal(first.items.length, 0);
  assert.ok(first.next !== null);
  const items = await pages((before) =>
    log.ofWorkspace(WORKSPACE, { before, limit: 5, wanted }, SIGNAL, 3)
  );
  assert.deepEqual(told(items), [`0 ${ANN}`]);
  store.close();
});

Deno.test("OutboxTrim: a workspace keeps its newest events, whoever they are of, and loses none that is to be read", async () => {
  const store = await openStore({ location: ":memory:" });
  const log = new EventLog(store);
  for (let count = 0; count < 10; count += 1) {
    await emit(store, String(count), count % 2 === 0 ? [ANN] : [ANN, BOB]);
  }
  const readTo = async (vs: string) => {
    const { versionstamp } = await get(store, cursorKey("other"));
    const record: CursorRecord = { v: 1, gen: store.generation, vs };
    const unit = new UnitOfWork()
      .guard(cursorKey("other"), versionstamp, record);
    assert.ok((await commit(store, unit)).ok);
  };
  const trim = async () => {
    const trim = new OutboxTrim(store, () => ["other"], {
      keptEvents: 6,
      eventsBetweenLooks: 1,
    });
    const events = [ANN, BOB].map((space): ConsumedEvent => ({
      space,
      versionstamp: "",
      index: 0,
      event: { type: "test.made", at: 0, subject: "", data: {} },
    }));
    await trim.handle(events);
    await trim.committed(SIGNAL);
  };
  const kept = async () =>
    told(
      await pages((before) =>
        log.ofWorkspace(WORKSPACE, { before, limit: 4, wanted: everything })
      ),
    );
  await readTo("");
  await trim();
  assert.equal((await kept()).length, 15);
  await readTo("f".repeat(20));
  await trim();
  assert.deepEqual(await kept(), [
    `9 ${BOB}`,
    `9 ${ANN}`,
    `8 ${ANN}`,
    `7 ${BOB}`,
    `7 ${ANN}`,
    `6 ${ANN}`,
  ]);
  store.close();
});
