import assert from "node:assert/strict";
import { type Anomaly, detect } from "./detect.ts";
import { inSlices } from "./in_slices.ts";
import type { Point } from "./series.ts";
import {
  countAround,
  finish,
  HOUR_MS,
  hourly,
  MONDAY_MS,
  normal,
  randomOf,
  workload,
} from "./testing/series.ts";

const WEEKS = 8 * 7 * 24;
const BUSIEST = 100;

const found = (points: readonly Point[]) => finish(detect(points));
const places = (points: readonly Point[]) =>
  found(points).map(({ place }) => place);

/** Days, quiet nights and weekends, with one change. */
function usage(
  change: (hour: number, value: number) => number = (_, value) => value,
  seed = 5,
): Point[] {
  const random = randomOf(seed);
  return hourly(
    WEEKS,
    (hour) => change(hour, countAround(BUSIEST * workload(hour), random)),
  );
}

const only = (anomalies: readonly Anomaly[]): Anomaly => {
  assert.equal(anomalies.length, 1, JSON.stringify(anomalies));
  return anomalies[0];
};

Deno.test("detect: says nothing of too few points", () => {
  const few = hourly(7, (hour) => hour === 3 ? 1_000 : 1);
  assert.deepEqual(found(few), []);
  assert.deepEqual(found([]), []);
});

Deno.test("detect: says nothing of days, quiet nights and weekends", () => {
  assert.deepEqual(found(usage()), []);
});

Deno.test("detect: finds a spike by day, told with what is usual then", () => {
  // A Saturday, 16:00.
  const anomaly = only(found(usage((hour, v) => hour === 1_000 ? 180 : v)));
  assert.equal(anomaly.place, 1_000);
  assert.equal(anomaly.value, 180);
  assert.ok(anomaly.expected > 5 && anomaly.expected < 25);
  assert.ok(anomaly.score > 10);
  assert.match(
    anomaly.reason,
    /^180 where about [\d.]+ is usual at weekends around 16:00 UTC: [\d.]+ times as much$/,
  );
});

Deno.test("detect: finds by night what would be nothing by day", () => {
  // A Monday, 02:00.
  const anomaly = only(found(usage((hour, v) => hour === 1_010 ? 40 : v)));
  assert.equal(anomaly.expected, 0);
  assert.match(anomaly.reason, /^40 where nothing is usual on working days/);
});

Deno.test("detect: finds a spike that is no larger than other days of a growing series", () => {
  const random = randomOf(3);
  const growing = hourly(WEEKS, (hour) => {
    const grown = BUSIEST * (1 + 4 * hour / WEEKS) * workload(hour);
    return hour === 35 ? 300 : countAround(grown, random);
  });
  assert.ok(Math.max(...growing.slice(-168).map(({ value }) => value)) > 300);
  assert.deepEqual(places(growing), [35]);
});

Deno.test("detect: finds a sudden stop while it lasts", () => {
  // The last working day, from 10:00 on.
  const from = WEEKS - 3 * 24 + 10;
  const anomalies = found(
    usage((hour, v) => hour >= from && hour < from + 8 ? 0 : v),
  );
  assert.deepEqual(
    anomalies.map(({ place }) => place),
    Array.from({ length: 8 }, (_, i) => from + i),
  );
  assert.match(anomalies[3].reason, /nothing at all$/);
});

Deno.test("detect: tells of a stop for good once, where it began", () => {
  const from = WEEKS - 13 * 24;
  const anomaly = only(found(usage((hour, v) => hour >= from ? 0 : v)));
  assert.match(anomaly.reason, /^It stopped here and did not come back/);
  const place = anomaly.place - from;
  assert.ok(place >= 0 && place < 24, `it is ${place} hours late`);
});

Deno.test("detect: tells of another level once, and not of each value on it", () => {
  const from = 4 * 7 * 24;
  const anomalies = found(usage((hour, v) => hour >= from ? 3 * v : v));
  const [shift] = anomalies.filter(({ reason }) =>
    reason.startsWith("The usual value changed")
  );
  assert.ok(Math.abs(shift.place - from) < 24, `it is at ${shift.place}`);
  assert.ok(anomalies.length <= 3, `there are ${anomalies.length}`);
});

Deno.test("detect: finds nothing in a constant series, and what departs from it", () => {
  assert.deepEqual(found(hourly(200, () => 0)), []);
  assert.deepEqual(found(hourly(200, () => 0.25)), []);
  const lifted = hourly(200, (hour) => hour === 100 ? 50 : 5);
  assert.deepEqual(places(lifted), [100]);
  const raised = hourly(200, (hour) => hour === 100 ? 130 : 100);
  assert.deepEqual(places(raised), [100]);
});

Deno.test("detect: 3 requests in place of 1, or of none, are no anomaly", () => {
  for (const usual of [0, 1, 2]) {
    const small = hourly(500, (hour) => hour === 300 ? usual + 2 : usual);
    assert.deepEqual(found(small), []);
  }
});

Deno.test("detect: what happens every day or two is usual, however far out", () => {
  const random = randomOf(9);
  const bursts = hourly(
    WEEKS,
    () => random() < 0.05 ? countAround(30, random) : 0,
  );
  assert.deepEqual(found(bursts), []);
});

Deno.test("detect: follows a straight line and a slow growth", () => {
  assert.deepEqual(found(hourly(300, (hour) => hour)), []);
  assert.deepEqual(found(hourly(300, (hour) => 1_000 - 3 * hour)), []);
  const bent = hourly(300, (hour) => hour === 150 ? 500 : hour);
  assert.deepEqual(places(bent), [150]);
});

Deno.test("detect: finds a period of its own by itself", () => {
  const random = randomOf(7);
  const points = Array.from({ length: 2_000 }, (_, i) => ({
    atMs: i,
    value: 100 + 50 * Math.sin(i / 37 * 2 * Math.PI) + 2 * normal(random) +
      (i === 777 ? 40 : 0),
  }));
  const anomaly = only(found(points));
  assert.equal(anomaly.place, 777);
  // Without the period 140 would be nothing.
  assert.ok(points[777].value < 150);
});

Deno.test("detect: minds neither order nor repeats of time", () => {
  const points = usage((hour, v) => hour === 1_000 ? 180 : v);
  const random = randomOf(11);
  const order = points.map((point) => ({ point, key: random() }))
    .sort((left, right) => left.key - right.key)
    .map(({ point }) => point);
  const anomaly = only(found(order));
  assert.equal(order[anomaly.place], points[1_000]);
  assert.deepEqual(places([...points, ...points]), [1_000, WEEKS + 1_000]);
});

Deno.test("detect: puts very many points in order", () => {
  const points = hourly(20_000, (hour) => hour === 12_345 ? 500 : hour % 24);
  const random = randomOf(17);
  for (let i = points.length - 1; i > 0; i -= 1) {
    const other = Math.floor(random() * (i + 1));
    [points[i], points[other]] = [points[other], points[i]];
  }
  const anomaly = only(found(points));
  assert.equal(points[anomaly.place].value, 500);
});

Deno.test("detect: what is missing is not taken for nothing", () => {
  const random = randomOf(13);
  const gappy = usage().filter((_, hour) =>
    random() > 0.3 && (hour < 500 || hour > 560)
  );
  assert.deepEqual(found(gappy), []);
});

Deno.test("detect: all at one time, and values as large as are taken", () => {
  const crowd = Array.from({ length: 50 }, (_, i) => ({
    atMs: MONDAY_MS,
    value: i === 20 ? 1e6 : 10 + i % 3,
  }));
  assert.deepEqual(places(crowd), [20]);
  const huge = hourly(200, (hour) => hour === 90 ? -1e100 : 1e99);
  const anomaly = only(found(huge));
  assert.equal(anomaly.place, 90);
  assert.equal(anomaly.score, 1_000);
  assert.ok(Number.isFinite(anomaly.expected));
});

/** Series in which nothing is to be found, each of its own kind. */
const QUIET: Record<
  string,
  (random: () => number) => (hour: number) => number
> = {
  "counts of an office": (random) => (hour) =>
    countAround(BUSIEST * workload(hour), random),
  "small counts": (random) => (hour) => countAround(3 * workload(hour), random),
  "growth": (random) => (hour) =>
    countAround(40 * (1 + 3 * hour / WEEKS) * workload(hour), random),
  "a wave with noise": (random) => (hour) =>
    100 + 30 * Math.sin(hour / 12 * Math.PI) + 5 * normal(random),
  "cost with a long tail": (random) => (hour) =>
    workload(hour, { night: 0.05 }) * Math.exp(0.5 * normal(random)),
  "one busy person": (random) => (hour) =>
    workload(hour) > 0 && random() < 0.5 ? countAround(8, random) : 0,
};

/** Of so many points that are as usual one may be told, whatever the series is like. */
const POINTS_A_FALSE_ALARM = 5_000;

for (const [name, make] of Object.entries(QUIET)) {
  Deno.test(`detect: at most one of ${POINTS_A_FALSE_ALARM} points is a false alarm: ${name}`, () => {
    const seeds = 12;
    let alarms = 0;
    for (let seed = 1; seed <= seeds; seed += 1) {
      alarms += found(hourly(WEEKS, make(randomOf(7_919 * seed)))).length;
    }
    const allowed = Math.floor(seeds * WEEKS / POINTS_A_FALSE_ALARM);
    assert.ok(alarms <= allowed, `${alarms} of ${seeds * WEEKS}`);
  });
}

Deno.test("detect: finds nearly all of what is five times as much", () => {
  const seeds = 12;
  let planted = 0;
  let seen = 0;
  for (let seed = 1; seed <= seeds; seed += 1) {
    const at = new Set(
      [200, 500, 801, 1_105, 1_253].map((hour) =>
        // Within working hours of working days.
        hour - hour % 24 + 9 + hour % 7
      ).filter((hour) => Math.floor(hour / 24) % 7 < 5),
    );
    planted += at.size;
    const points = usage((hour, v) => at.has(hour) ? 5 * v + 1 : v, seed);
    seen += places(points).filter((place) => at.has(place)).length;
  }
  assert.ok(seen >= 0.95 * planted, `${seen} of ${planted}`);
});

Deno.test("detect: offers a pause often enough, and stops when nobody waits", async () => {
  const points = hourly(10_000, (hour) => hour % 24);
  let pauses = 0;
  const steps = detect(points);
  while (!steps.next().done) pauses += 1;
  assert.ok(pauses > 50, `there were ${pauses}`);
  const gone = AbortSignal.abort(new Error("gone"));
  await assert.rejects(
    inSlices(detect(hourly(100_000, (hour) => hour * HOUR_MS)), gone),
    /gone/,
  );
});
