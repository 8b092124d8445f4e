import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { detectGroups, type Missing } from "./detect_groups.ts";
import { readPoints } from "./given_points.ts";
import { finish, HOUR_MS, MONDAY_MS } from "./testing/series.ts";

const time = (hour: number) =>
  new Date(MONDAY_MS + hour * HOUR_MS).toISOString();

function anomalies(given: readonly unknown[], missing: Missing = "ignore") {
  return finish(detectGroups(finish(readPoints(given)), missing));
}

const series = (length: number, group?: string) =>
  Array.from({ length }, (_, i) => ({
    t: time(i),
    v: i === 50 ? 900 : 100 + i % 5,
    ...(group === undefined ? {} : { group }),
  }));

Deno.test("detectGroups: gives time and group as they were given", () => {
  const [anomaly, ...more] = anomalies([
    ...series(100, "a"),
    ...series(40, "b"),
    ...series(7, "c"),
  ]);
  assert.deepEqual(more, []);
  assert.equal(anomaly.t, time(50));
  assert.equal(anomaly.group, "a");
  assert.equal(anomaly.v, 900);
  assert.equal(anomalies(series(100))[0].group, null);
});

Deno.test("detectGroups: takes seconds and milliseconds as numbers", () => {
  for (const divisor of [1, 1_000]) {
    const given = series(100).map(({ t, v }) => ({
      t: Date.parse(t) / divisor,
      v,
    }));
    assert.equal(anomalies(given)[0].t, given[50].t);
  }
});

Deno.test("detectGroups: what one group does says nothing of another", () => {
  const given = ["low", "high"].flatMap((group, k) =>
    Array.from({ length: 100 }, (_, i) => ({
      t: time(i),
      v: (k === 0 ? 10 : 10_000) + i % 3,
      group,
    }))
  );
  assert.deepEqual(anomalies(given), []);
  given[50].v = 10_000;
  assert.deepEqual(anomalies(given).map(({ group }) => group), ["low"]);
});

Deno.test("detectGroups: thousands of groups of a few points each", () => {
  const given = Array.from({ length: 10_000 }, (_, i) => ({
    t: time(i % 2),
    v: i,
    group: `g${Math.floor(i / 2)}`,
  }));
  assert.deepEqual(anomalies(given), []);
});

Deno.test("detectGroups: what is missing counts as nothing where that is told", () => {
  const given = series(100).filter((_, i) => i < 60 || i > 64)
    .map((point) => ({ ...point, v: 100 }));
  assert.deepEqual(anomalies(given), []);
  const found = anomalies(given, "zero");
  assert.deepEqual(found.map(({ t }) => t), [60, 61, 62, 63, 64].map(time));
  assert.deepEqual(found.map(({ v }) => v), [0, 0, 0, 0, 0]);
});

Deno.test("detectGroups: a group that ends before others has stopped", () => {
  const given = ["a", "b"].flatMap((group) =>
    series(100, group).map((point) => ({ ...point, v: 100 }))
  ).filter(({ group, t }) => group === "a" || t < time(97));
  const found = anomalies(given, "zero");
  assert.deepEqual(found.map(({ group }) => group), ["b", "b", "b"]);
});

Deno.test("detectGroups: refuses to make up more points than it could look at", () => {
  const given = series(20).map(({ v }, i) => ({ t: i, v }));
  given.push({ t: 4e9, v: 1 });
  assert.throws(() => anomalies(given, "zero"), AppError);
});

for (
  const [name, wrong, path] of [
    ["no object", 5, "points.3"],
    ["a list", [1, 2], "points.3"],
    ["null", null, "points.3"],
    ["no time", { v: 1 }, "points.3.t"],
    ["a time that is none", { t: "yesterday", v: 1 }, "points.3.t"],
    ["a day that is none", { t: "2026-13-41", v: 1 }, "points.3.t"],
    ["a time that is too large", { t: 1e300, v: 1 }, "points.3.t"],
    [
      "a time without its zone",
      { t: "2026-11-21T10:00:00", v: 1 },
      "points.3.t",
    ],
    ["no value", { t: 1 }, "points.3.v"],
    ["a text as value", { t: 1, v: "5" }, "points.3.v"],
    ["null as value", { t: 1, v: null }, "points.3.v"],
    ["a value that is too large", { t: 1, v: 1e101 }, "points.3.v"],
    ["a number as group", { t: 1, v: 1, group: 5 }, "points.3.group"],
    [
      "a group that is too long",
      { t: 1, v: 1, group: "x".repeat(201) },
      "points.3.group",
    ],
  ] as const
) {
  Deno.test(`readPoints: refuses ${name}, and says where`, () => {
    const given: unknown[] = series(10);
    given[3] = wrong;
    assert.throws(() => anomalies(given), (error) => {
      assert.ok(error instanceof AppError);
      assert.equal(error.status, 400);
      assert.equal(error.errors[0].path, path);
      return true;
    });
  });
}

Deno.test("readPoints: takes times before 1970, in the future, in any zone, and days", () => {
  const given = [
    "1900-01-01T00:00:00Z",
    "2999-01-01",
    "2026-11-21T10:00:00+05:30",
    "2026-11-21t10:00:00.5z",
    -5,
  ];
  const points = finish(
    readPoints(given.map((t) => ({ t, v: 1, more: true }))),
  );
  assert.deepEqual(points.map(({ atMs }) => atMs), [
    Date.UTC(1900, 0, 1),
    Date.UTC(2999, 0, 1),
    Date.UTC(2026, 10, 21, 4, 30),
    Date.UTC(2026, 10, 21, 10, 0, 0, 500),
    -5_000,
  ]);
});
