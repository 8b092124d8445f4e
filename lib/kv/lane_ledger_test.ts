/**
 * Whatever the store does, and whenever another process takes over: the rows in the store are exactly
 * those that were told as written, each under the versionstamp that was told.
 */
import assert from "node:assert/strict";
import { setImmediate as nextTurn } from "node:timers/promises";
import fc from "fast-check";
import { FencedError } from "@/lib/errors.ts";
import { fence } from "./fence.ts";
import { startIncarnation } from "./incarnation.ts";
import { laneKey } from "./keys.ts";
import type { LaneHead } from "./lane_writer.ts";
import { get, list } from "./reads.ts";
import { seededRandom } from "./testing/random.ts";
import { openTestStore } from "./testing/test_store.ts";

const RUNS = Number(Deno.env.get("FRESHET_TEST_SEEDS") ?? 300);

interface Scene {
  seed: number;
  /** Share of the calls to the store that go wrong. */
  rate: number;
  entries: number;
  /** After how many entries another process takes over; null: never. */
  fencedAfter: number | null;
}

const scene: fc.Arbitrary<Scene> = fc.record({
  seed: fc.integer(),
  rate: fc.double({ min: 0, max: 0.6, noNaN: true }),
  entries: fc.integer({ min: 1, max: 60 }),
  fencedAfter: fc.option(fc.integer({ min: 0, max: 59 })),
});

async function play({ seed, rate, entries, fencedAfter }: Scene) {
  using test = await openTestStore();
  const { calm, clock, faults, store } = test;
  const random = seededRandom(seed ^ 0x5eed);
  const { id, lane } = await startIncarnation(store);
  faults.randomly(seed, rate);
  const told = new Map<number, string>();
  const writes: Promise<void>[] = [];
  const write = async (index: number) => {
    try {
      const { versionstamp } = await lane.write({
        sets: [{ key: ["ledger", index], value: { v: 1, index } }],
        urgency: random() < 0.5 ? "now" : "soon",
      });
      told.set(index, versionstamp);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      assert.notEqual(fencedAfter, null);
    }
  };
  const pauses = async () => {
    const turns = Math.floor(random() * 6);
    for (let done = 0; done < turns; done += 1) {
      clock.advance(20);
      await nextTurn();
    }
  };
  for (let index = 0; index < entries; index += 1) {
    writes.push(write(index));
    if (random() < 0.3) await pauses();
    if (random() < 0.1) await faults.applyHeld();
    if (index === fencedAfter) {
      // The owner may move its head between the look and the write; then the other tries again.
      while (!await fence(calm, id)) await pauses();
    }
  }
  await faults.drive(clock, Promise.all(writes), {
    deliverHeld: () => faults.held > 0 && random() < 0.2,
  });
  faults.heal();
  await faults.applyHeld();
  const rows = await Array.fromAsync(list(calm, { prefix: ["ledger"] }));
  assert.deepEqual(
    rows.map(({ key, versionstamp }) => [key[1], versionstamp]),
    [...told].sort(([a], [b]) => a - b),
  );
  const head = await get<LaneHead>(calm, laneKey(id, 0));
  assert.equal(head.value?.n, new Set(told.values()).size);
  if (fencedAfter === null) assert.equal(told.size, entries);
}

Deno.test("Lane: the ledger holds exactly what was told as written, for any faults and any takeover", async () => {
  // A failure prints the seed and the scene; give both to `play` to see it again.
  await fc.assert(fc.asyncProperty(scene, play), { numRuns: RUNS });
});
