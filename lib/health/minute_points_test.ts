import assert from "node:assert/strict";
import type { GaugeInfo } from "./gauges.ts";
import { MinutePoints } from "./minute_points.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const info = (id: string, unit: GaugeInfo["unit"]): GaugeInfo => ({
  id,
  title: id,
  unit,
  better: null,
  across: "worst",
  full: null,
});
const GAUGES = [info("lag", "ms"), info("busy", "ratio")];

const read = (lag: number | null, busy: number | null) =>
  new Map([["lag", lag], ["busy", busy]]);

Deno.test("MinutePoints: the highest of a minute, and the mean of a share, once the minute is over", () => {
  const points = new MinutePoints();
  const startMs = 7 * HOUR_MS + 3 * MINUTE_MS;
  assert.equal(points.add(GAUGES, read(5, 0.5), startMs), null);
  assert.equal(points.add(GAUGES, read(80, 1), startMs + 20_000), null);
  assert.equal(points.add(GAUGES, read(6, null), startMs + 40_000), null);
  const hour = points.add(GAUGES, read(1, 0), startMs + MINUTE_MS)!;
  assert.equal(hour.hourMs, 7 * HOUR_MS);
  assert.equal(hour.points.lag[3], 80);
  assert.equal(hour.points.busy[3], 0.75);
  assert.equal(hour.points.lag.filter((value) => !isNaN(value)).length, 1);
});

Deno.test("MinutePoints: a gauge without a number leaves a gap, also after a pause of the process", () => {
  const points = new MinutePoints();
  points.add(GAUGES, read(1, null), 0);
  const hour = points.add(GAUGES, read(2, null), 10 * MINUTE_MS)!;
  assert.equal(hour.points.busy, undefined);
  const later = points.end(GAUGES)!;
  assert.deepEqual(
    [...later.points.lag.entries()].filter(([, value]) => !isNaN(value)),
    [[0, 1], [10, 2]],
  );
});

Deno.test("MinutePoints: an hour that was given out does not change any more", () => {
  const points = new MinutePoints();
  points.add(GAUGES, read(1, 1), 0);
  const first = points.add(GAUGES, read(2, 1), MINUTE_MS)!;
  points.add(GAUGES, read(3, 1), 2 * MINUTE_MS);
  assert.ok(isNaN(first.points.lag[1]));
});

Deno.test("MinutePoints: the next hour begins empty, and so does one to which a clock is set back", () => {
  const points = new MinutePoints();
  points.add(GAUGES, read(1, 1), 59 * MINUTE_MS);
  points.add(GAUGES, read(2, 1), HOUR_MS);
  const next = points.add(GAUGES, read(3, 1), HOUR_MS + MINUTE_MS)!;
  assert.equal(next.hourMs, HOUR_MS);
  assert.equal(next.points.lag[0], 2);
  assert.ok(isNaN(next.points.lag[59]));
  points.add(GAUGES, read(4, 1), 30 * MINUTE_MS);
  const back = points.end(GAUGES)!;
  assert.equal(back.hourMs, 0);
  assert.equal(back.points.lag[30], 4);
});
