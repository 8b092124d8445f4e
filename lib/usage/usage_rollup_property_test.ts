/**
 * Whatever the store does, whenever processes die or are fenced alive: the sums of usage are those of the
 * ledger's rows, each once.
 */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { FencedError, StorageError } from "@/lib/errors.ts";
import { fence } from "@/lib/kv/fence.ts";
import { type Incarnation, startIncarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Ledger, writeLedgerRow } from "./ledger_store.ts";
import { type Cell, Cells, COUNTERS, DIMENSIONS } from "./rollup_cell.ts";
import { randomRow } from "./testing/random_row.ts";
import { UsageFold } from "./usage_fold.ts";
import { UsageRollup } from "./usage_rollup.ts";
import { DAY_MS, HOUR_MS } from "./usage_grains.ts";
import { UsageStore } from "./usage_store.ts";

const RUNS = Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 150);
const SPACES = ["wsp_a", "wsp_b"];

interface Scene {
  seed: number;
  /** Share of the calls to the store that go wrong. */
  rate: number;
  /** Rows that each process writes, one process after the other. */
  lives: number[];
  /** Whether each of them ends in good order; else it is fenced while it lives. */
  isClosed: boolean[];
  /** From which size on the sums of a minute are left as they are. */
  fullBytes: number;
  /** How late what the last process left is found, in days. */
  lateDays: number;
}

const scene: fc.Arbitrary<Scene> = fc.record({
  seed: fc.integer(),
  rate: fc.double({ min: 0, max: 0.5, noNaN: true }),
  lives: fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 3 }),
  isClosed: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  fullBytes: fc.constantFrom(0, 100, 100_000),
  lateDays: fc.constantFrom(0, 0, 2, 3),
});

/** Cells in an order of their own, so that equal sums are equal values. */
function inOrder(cells: Cells) {
  const idOf = ({ dimensions }: Cell) =>
    DIMENSIONS.map((name) => dimensions[name]).join();
  return [...cells.values()]
    .map((cell) => ({
      id: idOf(cell),
      counters: COUNTERS.map((name) => cell.counters[name]),
      measures: Object.values(cell.measures).map((histogram) =>
        [...histogram].sort(([left], [right]) => left - right)
      ),
    }))
    .sort((left, right) => left.id < right.id ? -1 : 1);
}

async function sumOf(
  parts: AsyncIterable<{ cells: Iterable<Cell> }>,
): Promise<Cells> {
  const sum = new Cells();
  for await (const { cells } of parts) {
    for (const cell of cells) sum.addCell(cell);
  }
  return sum;
}

async function play(
  { seed, rate, lives, isClosed, fullBytes, lateDays }: Scene,
) {
  using test = await openTestStore();
  const { calm, clock, faults, store } = test;
  const random = seededRandom(seed ^ 0x0f01d);
  const { signal } = new AbortController();
  const pauses = async () => {
    for (let left = Math.floor(random() * 6); left > 0; left -= 1) {
      clock.advance(random() < 0.1 ? 40_000 : 300);
      await nextTurn();
    }
  };
  let number = 0;
  for (const [life, rows] of lives.entries()) {
    faults.heal();
    await faults.applyHeld();
    const incarnation = await startIncarnation(store);
    const fold = new UsageFold({
      owner: ownerOf(incarnation),
      clock,
      log: silentLogger(),
      fullBytes,
    });
    fold.start();
    faults.randomly(seed + life, rate);
    const writes: Promise<void>[] = [];
    for (let written = 0; written < rows; written += 1) {
      number += 1;
      const space = SPACES[Math.floor(random() * SPACES.length)];
      writes.push(
        writeLedgerRow(incarnation.lane, space, randomRow(number, random))
          .catch(expectEnd),
      );
      if (random() < 0.3) await pauses();
      if (random() < 0.1) await faults.applyHeld();
    }
    if (isClosed[life]) {
      await faults.drive(clock, Promise.all(writes));
      await faults.drive(clock, fold.close());
      await faults.drive(clock, incarnation.lane.drain(60_000));
    }
    while (!await fence(calm, incarnation.id)) await pauses();
    await faults.drive(clock, Promise.all(writes), {
      deliverHeld: () => faults.held > 0 && random() < 0.2,
    });
  }
  faults.heal();
  await faults.applyHeld();
  const usage = new UsageStore(calm);
  const rollup = new UsageRollup({
    store: usage,
    owner: ownerOf({ id: "nobody" } as Incarnation),
  });
  clock.advance(2 * HOUR_MS);
  await rollup.sumUp(signal);
  clock.advance(lateDays * DAY_MS);
  const keeper = await test.drive(startIncarnation(calm));
  for (const space of SPACES) {
    const { lane } = keeper;
    while (await test.drive(usage.sweepMinutes(space, lane, signal)) > 0);
  }
  await rollup.foldLeft(signal);
  assert.deepEqual(await usage.unfolded("nobody", signal), []);
  clock.advance(DAY_MS);
  await rollup.sumUp(signal);
  await rollup.sumUp(signal);
  const ledger = new Ledger(calm);
  for (const space of SPACES) {
    const exact = new Cells();
    for await (const each of ledger.rows(space, 0, clock.now(), signal)) {
      exact.addRow(each);
    }
    const wanted = inOrder(exact);
    const now = clock.now();
    if (lateDays === 0) {
      const minutes = await sumOf(usage.minutes(space, 0, now, signal));
      assert.deepEqual(inOrder(minutes), wanted, "minutes");
    }
    for (const grain of ["quarter", "hour", "day"] as const) {
      const sums = await sumOf(
        usage.sums.cells(grain, space, 0, now, signal),
      );
      assert.deepEqual(inOrder(sums), wanted, grain);
    }
  }
}

function expectEnd(error: unknown): void {
  const isEnd = error instanceof FencedError ||
    (error instanceof StorageError && /^storage_/.test(error.code));
  if (!isEnd) throw error;
}

function ownerOf(incarnation: Incarnation): Owner {
  return { incarnation, subscribe: () => () => {} } as unknown as Owner;
}

Deno.test("usage: minutes, quarters, hours and days are the ledger's rows added up, for any faults and any takeover", async () => {
  // A failure prints the seed and the scene; give both to `play` to see it again.
  await fc.assert(fc.asyncProperty(scene, play), { numRuns: RUNS });
});
