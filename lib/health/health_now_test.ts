import assert from "node:assert/strict";
import type { GaugeInfo } from "./gauges.ts";
import type { ProcessHealth } from "./health_history.ts";
import { healthNow } from "./health_now.ts";

const NOW_MS = Date.UTC(2026, 10, 21, 14);
const MINUTE_MS = 60_000;

const gauge = (id: string, more: Partial<GaugeInfo> = {}): GaugeInfo => ({
  id,
  title: id,
  unit: "ms",
  better: "low",
  across: "worst",
  full: null,
  ...more,
});

function process(
  id: string,
  gauges: Record<string, number | null> = {},
  more: Partial<ProcessHealth> = {},
): ProcessHealth {
  return {
    id: `inc_${id}`,
    state: "up",
    isHere: false,
    host: "",
    build: "b1",
    deno: "2.9.5",
    unready: [],
    targets: [],
    tries: [],
    startedAt: NOW_MS - 60 * MINUTE_MS,
    seenAt: NOW_MS,
    endedAt: null,
    gauges: new Map(Object.entries(gauges)),
    ...more,
  };
}

function look(gauges: GaugeInfo[], processes: ProcessHealth[]) {
  return healthNow({ gauges, processes, checks: [], nowMs: NOW_MS });
}

Deno.test("healthNow: the reading of the process that does worst, with what to do about it", () => {
  const { readings: [lag], findings, level } = look(
    [gauge("event_loop_lag_ms")],
    [
      process("calm", { event_loop_lag_ms: 4 }),
      process("busy", { event_loop_lag_ms: 140 }),
    ],
  );
  assert.equal(lag.value, 140);
  assert.equal(lag.process, "inc_busy");
  assert.equal(lag.limit, 100);
  assert.match(lag.next!, /blocking work/);
  assert.equal(level, "warning");
  assert.deepEqual(findings.map(({ id }) => id), ["event_loop_lag_ms"]);
});

Deno.test("healthNow: at its limit a reading is well, and so is one without a limit", () => {
  const { readings, level, findings } = look(
    [gauge("event_loop_lag_ms"), gauge("live_connections", { unit: "count" })],
    [process("p", { event_loop_lag_ms: 100, live_connections: 1e9 })],
  );
  assert.deepEqual(readings.map((each) => each.level), ["good", "good"]);
  assert.equal(level, "good");
  assert.deepEqual(findings, []);
});

Deno.test("healthNow: no number is told as none, not as zero and not as well", () => {
  const { readings: [reading] } = look(
    [gauge("error_rate", { unit: "ratio" })],
    [process("p", { error_rate: null }), process("q")],
  );
  assert.equal(reading.value, null);
  assert.equal(reading.level, "unknown");
});

Deno.test("healthNow: what processes that have gone said last counts for nothing", () => {
  const { readings: [memory] } = look(
    [gauge("memory_bytes", { unit: "bytes" })],
    [
      process("p", { memory_bytes: 5 }),
      process("dead", { memory_bytes: 9e9 }, { state: "gone" }),
    ],
  );
  assert.equal(memory.value, 5);
});

Deno.test("healthNow: counts of processes add up, the number of the store is told once", () => {
  const { readings } = look(
    [
      gauge("streams_active", { unit: "count", across: "sum" }),
      gauge("jobs_waiting", { unit: "count", across: "same" }),
    ],
    [
      process("p", { streams_active: 3, jobs_waiting: 7 }),
      process("q", { streams_active: 4, jobs_waiting: 7 }),
    ],
  );
  assert.deepEqual(readings.map(({ value }) => value), [7, 7]);
});

Deno.test("healthNow: nearly as many connections as there may be is a warning", () => {
  const { readings: [reading] } = look(
    [gauge("descriptors", { unit: "count", full: 100 })],
    [process("p", { descriptors: 81 })],
  );
  assert.equal(reading.limit, 80);
  assert.equal(reading.level, "warning");
});

Deno.test("healthNow: a process that has gone without a word is told of for an hour, one that ended is not", () => {
  const gone = (minutes: number) =>
    process("dead", {}, {
      state: "gone",
      seenAt: NOW_MS - minutes * MINUTE_MS,
    });
  const ids = (each: ProcessHealth) =>
    look([], [each]).findings.map(({ id }) => id);
  assert.deepEqual(ids(gone(4)), ["gone-inc_dead"]);
  assert.deepEqual(ids(gone(61)), []);
  const ended = process("p", {}, { state: "ended", endedAt: NOW_MS - 1 });
  assert.deepEqual(ids(ended), []);
});

Deno.test("healthNow: many that have gone are one finding, named after the last", () => {
  const gone = (id: string, minutes: number) =>
    process(id, {}, { state: "gone", seenAt: NOW_MS - minutes * MINUTE_MS });
  const { findings } = look([], [gone("first", 30), gone("second", 5)]);
  assert.equal(findings.length, 1);
  assert.match(findings[0].title, /^2 processes are gone .*second/);
});

Deno.test("healthNow: the readings of one process, while findings stay those of all", () => {
  const { readings: [lag], findings } = healthNow({
    gauges: [gauge("event_loop_lag_ms")],
    processes: [
      process("calm", { event_loop_lag_ms: 4 }),
      process("busy", { event_loop_lag_ms: 140 }),
    ],
    checks: [],
    nowMs: NOW_MS,
    process: "inc_calm",
  });
  assert.equal(lag.value, 4);
  assert.equal(lag.level, "good");
  assert.match(findings[0].title, /in process c_busy$/);
});

Deno.test("healthNow: what is critical comes before what is a warning", () => {
  const { findings, level } = look([gauge("event_loop_lag_ms")], [
    process("p", { event_loop_lag_ms: 400 }),
    process("q", {}, { unready: ["storage: the writer is halted"] }),
  ]);
  assert.equal(level, "critical");
  assert.deepEqual(findings.map((each) => each.level), [
    "critical",
    "warning",
  ]);
  assert.match(findings[0].title, /the writer is halted/);
});

Deno.test("healthNow: two builds side by side are told of once a new one had time to replace the other", () => {
  const at = (build: string, minutes: number) =>
    process(build, {}, { build, startedAt: NOW_MS - minutes * MINUTE_MS });
  const count = (...processes: ProcessHealth[]) =>
    look([], processes).findings.length;
  assert.equal(count(at("b1", 600), at("b2", 3)), 0);
  assert.equal(count(at("b1", 600), at("b2", 30)), 1);
  assert.equal(count(at("b1", 600), at("b1", 30)), 0);
});
