import assert from "node:assert/strict";
import type { Clock } from "@/lib/clock.ts";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { openStore } from "@/lib/kv/open.ts";
import { Owner } from "@/lib/kv/owner.ts";
import { createLogger } from "@/lib/observe/log.ts";
import { buildHealth, type HealthServices } from "./build_health.ts";
import { GONE_AFTER_MS, SERIES_MINUTES } from "./health_history.ts";
import { HealthStore } from "./health_store.ts";

const MINUTE_MS = 60_000;

interface HealthProcess extends HealthServices, AsyncDisposable {
  /** What its gauge reads. */
  reads: { value: number | null };
  /** Whether its writer waits for the store. */
  isHalted: boolean;
  /** What its writer has committed. */
  readonly commits: number;
}

/** A process of a store, whose writer works by the clock of the machine. */
async function startProcess(
  location: string,
  clock: Clock,
  host: string,
): Promise<HealthProcess> {
  const store = await openStore({ location });
  const owner = await Owner.start(store, { lane: { soonMs: 0 } });
  const reads = { value: 1 as number | null };
  const state = { isHalted: false, commits: 0 };
  const health = buildHealth({
    store: new HealthStore({ ...store, clock }, {
      get incarnation() {
        const { incarnation } = owner;
        const { id } = incarnation;
        return state.isHalted
          ? { id, lane: { state: "halted" as const, write: unwanted } }
          : incarnation;
      },
    }),
    meters: { tries: new Map() },
    routing: { states: () => [] },
    health: {
      readiness: () => Promise.resolve({ status: "ready", checks: [] }),
    },
    host,
    log: createLogger({ write: () => {}, format: "json", level: "debug" }),
  });
  health.gauges.add({
    id: "depth",
    title: "Depth",
    unit: "count",
    read: () => reads.value,
  });
  owner.incarnation.lane.onBatch = () => void (state.commits += 1);
  return {
    ...health,
    reads,
    get commits() {
      return state.commits;
    },
    get isHalted() {
      return state.isHalted;
    },
    set isHalted(isHalted) {
      state.isHalted = isHalted;
    },
    async [Symbol.asyncDispose]() {
      await owner.release(1_000);
      store.close();
    },
  };
}

function unwanted(): never {
  throw new Error("A writer that waits is given nothing");
}

async function withFile(
  run: (location: string, clock: ManualClock) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(`${folder}/store.db`, new ManualClock());
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("HealthHistory.processes: one that is killed shows as gone, one that ends as ended", () =>
  withFile(async (location, clock) => {
    await using here = await startProcess(location, clock, "one");
    await using killed = await startProcess(location, clock, "two");
    await using ending = await startProcess(location, clock, "three");
    await killed.healthRecorder.record();
    await ending.healthRecorder.record();
    const states = async () =>
      (await here.healthHistory.processes()).map((
        { host, state },
      ) => [host, state]);
    assert.deepEqual((await states()).toSorted(), [
      ["one", "up"],
      ["three", "up"],
      ["two", "up"],
    ]);
    await ending.healthRecorder.close(1_000);
    clock.advance(GONE_AFTER_MS + 1);
    assert.deepEqual(await states(), [
      ["one", "up"],
      ["two", "gone"],
      ["three", "ended"],
    ]);
  }));

Deno.test("HealthHistory.read: the minutes of all processes of a day, each told apart, with their gaps", () =>
  withFile(async (location, clock) => {
    await using one = await startProcess(location, clock, "one");
    await using two = await startProcess(location, clock, "two");
    for (let minute = 0; minute < 4; minute += 1) {
      one.reads.value = minute === 2 ? null : 10 + minute;
      two.reads.value = 20 + minute;
      await one.healthRecorder.record();
      await two.healthRecorder.record();
      clock.advance(MINUTE_MS);
    }
    const { series } = await two.healthHistory.read();
    const tail = ({ healthRecorder }: HealthProcess) => [
      ...series.get("depth")!.get(healthRecorder.process)!.slice(-5),
    ];
    // The minute that goes on, and the one whose end nobody has told yet, are not there.
    assert.deepEqual(tail(one), [10, 11, NaN, NaN, NaN]);
    assert.deepEqual(tail(two), [20, 21, 22, NaN, NaN]);
    clock.advance((SERIES_MINUTES + 60) * MINUTE_MS);
    const later = await two.healthHistory.read();
    assert.equal(later.series.size, 0);
  }));

Deno.test("HealthRecorder.record: one commit each time, a row for each hour however long it goes on", () =>
  withFile(async (location, clock) => {
    await using process = await startProcess(location, clock, "one");
    const before = process.commits;
    const rounds = 12;
    for (let round = 0; round < rounds; round += 1) {
      await process.healthRecorder.record();
      clock.advance(15 * MINUTE_MS);
    }
    assert.equal(process.commits - before, rounds);
    const kv = await Deno.openKv(location);
    try {
      const rows = await Array.fromAsync(kv.list({ prefix: ["sys", "hh"] }));
      assert.equal(rows.length, 3);
      const current = await Array.fromAsync(kv.list({ prefix: ["sys", "hp"] }));
      assert.equal(current.length, 1);
    } finally {
      kv.close();
    }
  }));

Deno.test("HealthRecorder.record: nothing is written while the writer cannot, and no minute is lost by it", () =>
  withFile(async (location, clock) => {
    await using process = await startProcess(location, clock, "one");
    clock.advance(58 * MINUTE_MS);
    for (const isHalted of [false, true, true, true, false]) {
      process.reads.value = 60 + clock.now() / MINUTE_MS % 60;
      process.isHalted = isHalted;
      const before = process.commits;
      await process.healthRecorder.record();
      assert.equal(process.commits - before, isHalted ? 0 : 1);
      clock.advance(MINUTE_MS);
    }
    const { series } = await process.healthHistory.read();
    const line = series.get("depth")!.get(process.healthRecorder.process)!;
    assert.deepEqual([...line.slice(-6)], [118, 119, 60, 61, NaN, NaN]);
  }));
