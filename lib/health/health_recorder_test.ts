import assert from "node:assert/strict";
import { ManualClock } from "@/lib/kv/testing/manual_clock.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { Gauges } from "./gauges.ts";
import { HealthRecorder } from "./health_recorder.ts";
import type { HealthStore, OwnHour } from "./health_store.ts";

const MINUTE_MS = 60_000;

/** A recorder of a gauge that reads 7, and what becomes of its writes. */
function startRecorder(
  write: (hours: readonly OwnHour[]) => Promise<void>,
) {
  const clock = new ManualClock();
  const gauges = new Gauges();
  gauges.add({ id: "depth", title: "Depth", unit: "count", read: () => 7 });
  const store = {
    clock,
    incarnation: "inc_1",
    isOpen: true,
    write: (_process: string, _row: unknown, hours: readonly OwnHour[]) =>
      write(hours),
  } as unknown as HealthStore;
  const recorder = new HealthRecorder({
    store,
    gauges,
    meters: { tries: new Map() },
    routing: { states: () => [] },
    health: {
      readiness: () => Promise.resolve({ status: "ready", checks: [] }),
    },
    host: "one",
    log: silentLogger(),
  });
  return { clock, recorder };
}

/** Minutes of hours that are known. */
function minutesOf(hours: readonly OwnHour[]): number {
  return hours.flatMap(({ points }) => [...points.depth])
    .filter((value) => value === 7).length;
}

Deno.test("HealthRecorder.record: minutes that could not be written are written the next time, once", async () => {
  let isFailing = true;
  const written: number[] = [];
  const { clock, recorder } = startRecorder((hours) => {
    if (isFailing) return Promise.reject(new Error("No answer"));
    written.push(minutesOf(hours));
    return Promise.resolve();
  });
  await assert.rejects(recorder.record());
  clock.advance(MINUTE_MS);
  await assert.rejects(recorder.record());
  isFailing = false;
  await recorder.record();
  await recorder.record();
  assert.deepEqual(written, [1, 0]);
});

Deno.test("HealthRecorder.record: a minute that ends while the one before is written is written after it", async () => {
  const writing = Promise.withResolvers<void>();
  const written: number[] = [];
  const { clock, recorder } = startRecorder((hours) => {
    written.push(minutesOf(hours));
    return written.length === 2 ? writing.promise : Promise.resolve();
  });
  await recorder.record();
  clock.advance(MINUTE_MS);
  const slow = recorder.record();
  while (written.length < 2) await Promise.resolve();
  clock.advance(MINUTE_MS);
  await recorder.record();
  writing.resolve();
  await slow;
  await recorder.record();
  assert.deepEqual(written, [0, 1, 2, 0]);
});
