/** What it costs to count. */
import assert from "node:assert/strict";
import { systemClock } from "@/lib/clock.ts";
import { StorageError } from "@/lib/errors.ts";
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import type { LedgerCommit } from "@/lib/kv/lane.ts";
import { unfoldedKey } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { CountedKv } from "@/lib/kv/testing/counted_kv.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { ledgerEntry } from "./ledger_store.ts";
import { unpackCells } from "./rollup_codec.ts";
import { randomRow } from "./testing/random_row.ts";
import { UsageFold } from "./usage_fold.ts";
import { UsageStore } from "./usage_store.ts";
import { MINUTE_MS } from "./usage_grains.ts";

const SPACE = "wsp_a";

async function openCounted() {
  let kv!: CountedKv;
  const store = await openStore({
    location: ":memory:",
    wrap: (inner) => kv = new CountedKv(inner),
  });
  const owner = await Owner.start(store);
  const fold = new UsageFold({
    owner,
    clock: systemClock,
    log: silentLogger(),
  });
  fold.start();
  const random = seededRandom(1);
  let number = 0;
  /** Rows of answers that end together. */
  const rows = (count: number) =>
    Array.from(
      { length: count },
      () => ledgerEntry(SPACE, randomRow(++number, random)),
    );
  /** Reads and atomics of some work. */
  const cost = async (work: () => Promise<unknown>) => {
    const before = { reads: kv.reads, commits: kv.commits };
    await work();
    return {
      reads: kv.reads - before.reads,
      commits: kv.commits - before.commits,
    };
  };
  return {
    store,
    lane: owner.incarnation.lane,
    fold,
    rows,
    cost,
    async [Symbol.asyncDispose]() {
      await fold.close();
      await owner.release(5_000);
      store.close();
    },
  };
}

Deno.test("UsageFold: an answer's end with its row, its mark and all is the one atomic that it was", async () => {
  await using counted = await openCounted();
  const { lane, rows, cost } = counted;
  const set = { key: ["sys", "test"], value: { v: 1 as const } };
  const without = await cost(() => lane.write({ sets: [set], urgency: "now" }));
  const withUsage = await cost(() =>
    lane.write({ sets: [set], ledger: rows(1), urgency: "now" })
  );
  assert.deepEqual(without, { reads: 0, commits: 1 });
  assert.deepEqual(withUsage, without);
});

Deno.test("UsageFold: 400 answers of a second are folded by one atomic, without a read", async () => {
  await using counted = await openCounted();
  const { store, lane, fold, rows, cost } = counted;
  await Promise.all(
    Array.from(
      { length: 4 },
      () => lane.write({ ledger: rows(100), urgency: "now" }),
    ),
  );
  assert.deepEqual(await cost(() => fold.flush()), { reads: 0, commits: 1 });
  // What is folded is found, and there is nothing left to fold.
  assert.deepEqual(await cost(() => fold.flush()), { reads: 0, commits: 0 });
  const now = Date.now();
  let requests = 0;
  const minutes = new UsageStore(store).minutes(
    SPACE,
    now - 2 * MINUTE_MS,
    now + MINUTE_MS,
    new AbortController().signal,
  );
  for await (const { cells } of minutes) {
    for (const { counters } of cells) requests += counters.requests;
  }
  assert.equal(requests, 400);
});

/** What the sums of the last minutes come to. */
async function requestsOf(
  store: Awaited<ReturnType<typeof openCounted>>["store"],
  spaces: readonly string[],
): Promise<number> {
  const now = Date.now();
  const usage = new UsageStore(store);
  const { signal } = new AbortController();
  let requests = 0;
  for (const space of spaces) {
    const minutes = usage.minutes(
      space,
      now - 2 * MINUTE_MS,
      now + MINUTE_MS,
      signal,
    );
    for await (const { cells } of minutes) {
      for (const { counters } of cells) requests += counters.requests;
    }
  }
  return requests;
}

Deno.test("UsageFold: more workspaces in a second than one atomic holds are all counted, and so is what follows", async () => {
  await using counted = await openCounted();
  const { store, lane, fold } = counted;
  const random = seededRandom(2);
  const spaces = Array.from({ length: 110 }, (_, place) => `wsp_${place}`);
  let number = 0;
  const round = () =>
    lane.write({
      ledger: spaces.map((space) =>
        ledgerEntry(space, randomRow(++number, random))
      ),
      urgency: "now",
    });
  for (let left = 4; left > 0; left -= 1) await round();
  await fold.flush();
  assert.equal(await requestsOf(store, spaces), 440);
  await round();
  await fold.flush();
  assert.equal(await requestsOf(store, spaces), 550);
});

Deno.test("UsageFold: more batches of a workspace than one atomic holds marks are all counted", async () => {
  await using counted = await openCounted();
  const { store, lane, fold, rows } = counted;
  for (let left = 450; left > 0; left -= 1) {
    await lane.write({ ledger: rows(1), urgency: "now" });
  }
  await fold.flush();
  assert.equal(await requestsOf(store, [SPACE]), 450);
  const left = await new UsageStore(store).unfolded(
    "nobody",
    new AbortController().signal,
  );
  assert.deepEqual(left, []);
});

Deno.test("UsageFold: what a lane that has too much to write does not take is written the next time, with its marks", async () => {
  let isBusy = true;
  const written: LaneEntry[] = [];
  const lane = {
    onLedger: null as ((commit: LedgerCommit) => void) | null,
    write(entry: LaneEntry) {
      if (isBusy) {
        const busy = { code: "storage_busy" };
        return Promise.reject(new StorageError("Too much waits", busy));
      }
      written.push(entry);
      return Promise.resolve({ versionstamp: "", n: 0 });
    },
  };
  const owner = {
    incarnation: { id: "inc", lane },
    subscribe: () => () => {},
  } as unknown as Owner;
  const fold = new UsageFold({
    owner,
    clock: systemClock,
    log: silentLogger(),
  });
  fold.start();
  const random = seededRandom(3);
  const commit = (n: number) =>
    lane.onLedger!({
      n,
      atMs: 0,
      entries: [ledgerEntry(SPACE, randomRow(n, random))],
    });
  commit(1);
  await fold.flush();
  commit(2);
  await fold.flush();
  isBusy = false;
  await fold.close();
  const [{ sets = [], deletes }] = written;
  const wanted = [1, 2].map((n) => unfoldedKey("inc", SPACE, n));
  assert.deepEqual(deletes, wanted);
  let requests = 0;
  for (const { value } of sets) {
    if (!("cells" in value)) continue;
    for (const { counters } of unpackCells(value.cells as Uint8Array)) {
      requests += counters.requests;
    }
  }
  assert.equal(requests, 2);
});

Deno.test("UsageFold: sums that no number holds end the counting and nothing else", async () => {
  await using counted = await openCounted();
  const { store, lane, fold } = counted;
  const row = {
    ...randomRow(1, seededRandom(4)),
    inputTokens: Number.MAX_SAFE_INTEGER,
  };
  const ledger = [ledgerEntry(SPACE, row), ledgerEntry(SPACE, row)];
  await lane.write({ ledger, urgency: "now" });
  await fold.flush();
  const { signal } = new AbortController();
  const left = await new UsageStore(store).unfolded("nobody", signal);
  assert.equal(left.length, 1);
});

Deno.test("UsageFold.close: a store that does not answer holds nobody up", async () => {
  const lane = {
    onLedger: null as ((commit: LedgerCommit) => void) | null,
    write: () => new Promise<never>(() => {}),
  };
  const owner = {
    incarnation: { id: "inc", lane },
    subscribe: () => () => {},
  } as unknown as Owner;
  const clock = new ManualClock();
  const fold = new UsageFold({ owner, clock, log: silentLogger() });
  fold.start();
  const entries = [ledgerEntry(SPACE, randomRow(1, seededRandom(5)))];
  lane.onLedger!({ n: 1, atMs: 0, entries });
  const closed = fold.close();
  clock.advance(1_000);
  await closed;
});
