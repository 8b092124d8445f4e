import assert from "node:assert/strict";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";
import { RequestLogStore } from "./request_log_store.ts";
import type { RequestRecord } from "./request_record.ts";
import {
  MAX_READS,
  type RequestSearch,
  RequestSearchStore,
} from "./request_search_store.ts";
import { marksOf } from "./request_summary.ts";
import { HOUR_MS, idBound, timeOf } from "./request_time.ts";
import { record } from "./testing/records.ts";

const WORKSPACE = "wsp_a";
const MINUTE_MS = 60_000;
const KEPT_MS = 90 * 24 * HOUR_MS;

/** Counts the reads of ranges. */
class CountingKv extends WrappedKv {
  reads = 0;

  override list<T>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    this.reads += 1;
    return super.list<T>(selector, options);
  }
}

async function openSearch() {
  const test = await openTestStore();
  const { lane } = await startIncarnation(test.store);
  const counted = new CountingKv(test.calm.kv);
  const writer = () => new RequestLogStore(test.store, () => lane, KEPT_MS);
  const search = new RequestSearchStore({ ...test.store, kv: counted });
  const own = writer();
  return {
    ...test,
    records: own,
    writer,
    /** Reads of the store so far. */
    reads: () => counted.reads,
    write: async (all: readonly RequestRecord[], into = own) => {
      for (let from = 0; from < all.length; from += 100) {
        const batch = all.slice(from, from + 100).map((each) => ({
          workspace: WORKSPACE,
          record: each,
          bodies: null,
        }));
        await test.drive(into.write(batch));
      }
    },
    look: (more: Partial<RequestSearch> = {}) =>
      search.look(WORKSPACE, {
        mark: null,
        fromMs: 0,
        before: null,
        isWanted: () => true,
        limit: 50,
        ...more,
      }),
    findByPrefix: (prefix: string) => search.findByPrefix(WORKSPACE, prefix),
  };
}

/** As many requests as told, one every so many milliseconds, oldest first. */
function series(
  count: number,
  fromMs: number,
  stepMs: number,
  more: (index: number) => Partial<RequestRecord> = () => ({}),
): RequestRecord[] {
  return Array.from(
    { length: count },
    (_, index) => record(fromMs + index * stepMs, more(index)),
  );
}

const idsOf = (all: readonly { id: string }[]) => all.map(({ id }) => id);

Deno.test("RequestSearchStore.look: nothing recorded is nothing found, and the end", async () => {
  using test = await openSearch();
  assert.deepEqual(await test.look(), {
    items: [],
    looked: 0,
    backToMs: null,
    next: null,
  });
});

Deno.test("RequestSearchStore.look: newest first whatever order they ended in, each once, page by page", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const all = series(230, now - HOUR_MS, 1_700);
  // Those that took long are written last, by another process.
  const late = all.filter((_, index) => index % 7 === 0);
  await test.write(all.filter((each) => !late.includes(each)));
  await test.write(late, test.writer());
  const seen: string[] = [];
  let before: string | null = null;
  do {
    const look = await test.look({ before, limit: 17 });
    seen.push(...idsOf(look.items));
    before = look.next;
  } while (before !== null);
  assert.deepEqual(seen, idsOf(all).reverse());
});

Deno.test("RequestSearchStore.look: from and to are kept to the millisecond", async () => {
  using test = await openSearch();
  const fromMs = test.clock.now() - HOUR_MS;
  const all = series(200, fromMs, 1_000);
  await test.write(all);
  const look = await test.look({
    fromMs: fromMs + 61_000,
    before: idBound(fromMs + 130_000),
    limit: 200,
  });
  assert.deepEqual(idsOf(look.items), idsOf(all.slice(61, 130)).reverse());
  assert.equal(look.next, null);
});

Deno.test("RequestSearchStore.look: a request that was recorded twice is told as it ended last", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const first = record(now, { status: "interrupted" });
  await test.write([first]);
  const again = record(now, {
    status: "completed",
    httpStatus: null,
    epoch: 2,
    finishedAt: new Date(now + 5_000).toISOString(),
  });
  await test.write([again], test.writer());
  const all = await test.look();
  assert.deepEqual(all.items.map(({ status }) => status), ["completed"]);
  const failed = await test.look({ mark: "failed" });
  assert.deepEqual(failed.items, []);
});

Deno.test("RequestSearchStore.look: a request is told no longer than it is kept, though its minute is", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const minuteMs = now - now % MINUTE_MS - MINUTE_MS;
  const all = series(4, minuteMs, 10_000);
  await test.write(all);
  assert.equal((await test.look()).items.length, 4);
  test.clock.advance(minuteMs + 15_000 + KEPT_MS - test.clock.now());
  assert.deepEqual(
    idsOf((await test.look()).items),
    idsOf(all.slice(2)).reverse(),
  );
});

Deno.test("RequestSearchStore.look: what is rare is looked for no further than an answer may, and found by going on", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  // A page for each: the worst there is to look through.
  const count = MAX_READS * 100 + 300;
  const all = series(
    count,
    now - count * MINUTE_MS,
    MINUTE_MS,
    (index) => ({ model: index === 3 ? "rare" : "m1" }),
  );
  await test.write(all);
  const isWanted = ({ model }: { model: string | null }) => model === "rare";
  const before = test.reads();
  const first = await test.look({ isWanted });
  assert.ok(test.reads() - before <= MAX_READS + 1, `${test.reads() - before}`);
  assert.deepEqual(first.items, []);
  assert.ok(first.looked >= 900 && first.looked < count, `${first.looked}`);
  assert.equal(first.backToMs, timeOf(first.next!));
  const items: { id: string }[] = [];
  let { next, looked } = first;
  while (next !== null) {
    const more = await test.look({ isWanted, before: next });
    items.push(...more.items);
    looked += more.looked;
    next = more.next;
  }
  assert.deepEqual(idsOf(items), [all[3].id]);
  assert.equal(looked, count);
});

Deno.test("RequestSearchStore.look: failures and slow requests are found without looking through the others", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const all = series(
    2_000,
    now - 2_000 * 1_000,
    1_000,
    (index) =>
      index % 500 === 0
        ? { status: "refused", httpStatus: 429 }
        : index % 500 === 1
        ? { totalMs: 40_000 }
        : {},
  );
  await test.write(all);
  const failed = await test.look({ mark: "failed" });
  assert.deepEqual(
    [failed.items.length, failed.looked, failed.next],
    [4, 4, null],
  );
  const slow = await test.look({ mark: "slow" });
  assert.deepEqual(
    idsOf(slow.items),
    [1_501, 1_001, 501, 1].map((index) => all[index].id),
  );
});

Deno.test("RequestSearchStore.look: as many reads at 400 requests as at 4,000", async () => {
  const reads: number[][] = [];
  for (const count of [400, 4_000]) {
    using test = await openSearch();
    const now = test.clock.now();
    await test.write(
      series(
        count,
        now - count * 100,
        100,
        (index) => index % 5 === 0 ? { status: "failed" } : {},
      ),
    );
    const cost: number[] = [];
    for (const mark of [null, "failed"] as const) {
      const before = test.reads();
      const { items } = await test.look({ mark });
      assert.equal(items.length, 50);
      cost.push(test.reads() - before);
    }
    reads.push(cost);
  }
  assert.deepEqual(reads[1], reads[0]);
});

Deno.test("RequestSearchStore.look: what was recorded before there were summaries is found too", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const old = series(
    5,
    now - HOUR_MS,
    1_000,
    (index) => index === 2 ? { status: "failed" } : {},
  );
  const unit = test.calm.kv.atomic();
  for (const each of old) {
    unit.set(keys.requestRecordKey(WORKSPACE, each.id), {
      v: 1,
      json: new TextEncoder().encode(JSON.stringify(each)),
      expiresAt: now + KEPT_MS,
    });
  }
  const fence = keys.generationKey();
  unit.check({
    key: fence,
    versionstamp: (await test.calm.kv.get(fence)).versionstamp,
  });
  await unit.commit();
  const young = series(3, now - 60_000, 1_000);
  await test.write(young);
  assert.deepEqual(
    idsOf((await test.look()).items),
    idsOf([...old, ...young]).reverse(),
  );
  const failed = await test.look({ mark: "failed" });
  assert.deepEqual(idsOf(failed.items), [old[2].id]);
});

Deno.test("RequestSearchStore.look: what nobody can be asked about stops the look where it is", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const all = series(10, now - 10 * MINUTE_MS, MINUTE_MS);
  await test.write(all);
  let stretches = 0;
  const look = await test.look({
    prepare: () => Promise.resolve((stretches += 1) < 4),
  });
  assert.deepEqual(idsOf(look.items), idsOf(all.slice(7)).reverse());
  const rest = await test.look({ before: look.next });
  assert.deepEqual(idsOf(rest.items), idsOf(all.slice(0, 7)).reverse());
});

Deno.test("RequestSearchStore.look: the first requests of an answer have to be judged, so that each comes further", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  const all = series(4, now - 4 * MINUTE_MS, MINUTE_MS);
  await test.write(all);
  const seen: string[] = [];
  let before: string | null = null;
  let answers = 0;
  do {
    const look = await test.look({
      before,
      prepare: (_, haveToBe) => Promise.resolve(haveToBe),
    });
    seen.push(...idsOf(look.items));
    before = look.next;
    answers += 1;
  } while (before !== null && answers < 10);
  assert.deepEqual(seen, idsOf(all).reverse());
});

Deno.test("RequestSearchStore.findByPrefix: by the beginning of an id, in one read", async () => {
  using test = await openSearch();
  const own = record(test.clock.now());
  await test.write([own]);
  const before = test.reads();
  const found = await test.findByPrefix(own.id.slice(0, 12));
  assert.equal(found?.id, own.id);
  assert.equal(test.reads() - before, 1);
  assert.equal(await test.findByPrefix("req_zzz"), null);
});

Deno.test("RequestLogStore.write: a page that may not have been written is never added to", async () => {
  using test = await openSearch();
  const now = test.clock.now();
  await test.write(series(3, now, 1));
  test.faults.script("refuse");
  await assert.rejects(test.write(series(3, now + 10, 1)));
  const later = series(3, now + 20, 1);
  await test.write(later);
  const { items } = await test.look();
  assert.equal(items.length, 6);
  assert.deepEqual(items.flatMap(marksOf), []);
});
