import assert from "node:assert/strict";
import type { UsageChoice } from "@/lib/shared/usage/usage_choice.ts";
import { placesOf, spanWords } from "./usage_page_places.ts";
import { spanOf } from "./usage_page_span.ts";

const CHOICE: UsageChoice = {
  path: "/usage",
  range: "30d",
  fromDay: null,
  toDay: null,
  timeZone: "UTC",
  isZoneChosen: false,
  groupBy: "model",
  measure: null,
  filters: {},
  all: null,
  sort: null,
};

const at = (text: string) => Date.parse(text);
const text = (ms: number) => new Date(ms).toISOString();

Deno.test("spanOf: days begin at midnight of the viewer, also over a change of the clocks", () => {
  // The clocks of Stockholm went back on 25 October 2026.
  const span = spanOf(
    { ...CHOICE, timeZone: "Europe/Stockholm" },
    at("2026-11-21T14:20:00Z"),
  );
  assert.equal(text(span.fromMs), "2026-10-22T22:00:00.000Z");
  assert.equal(text(span.before!.fromMs), "2026-09-22T22:00:00.000Z");
  // As far into its last day as this one has gone, by the clock on the wall.
  assert.equal(text(span.before!.toMs), "2026-10-22T13:20:00.000Z");
});

Deno.test("spanOf: half-hour zones have their own hours and days", () => {
  const zone = { ...CHOICE, timeZone: "Asia/Kolkata" };
  const nowMs = at("2026-11-21T14:20:00Z");
  assert.equal(text(spanOf(zone, nowMs).fromMs), "2026-10-22T18:30:00.000Z");
  const day = spanOf({ ...zone, range: "24h" }, nowMs);
  assert.equal(text(day.fromMs), "2026-11-20T14:30:00.000Z");
  assert.equal(day.bucket, "hour");
});

Deno.test("spanOf: a custom range has both of its days, in whichever order, and none of the future", () => {
  const nowMs = at("2026-11-21T14:20:00Z");
  const custom = { ...CHOICE, range: "custom" as const };
  const span = spanOf(
    { ...custom, fromDay: "2026-11-01", toDay: "2026-11-03" },
    nowMs,
  );
  assert.equal(text(span.fromMs), "2026-11-01T00:00:00.000Z");
  assert.equal(text(span.toMs), "2026-11-04T00:00:00.000Z");
  assert.equal(text(span.before!.fromMs), "2026-10-29T00:00:00.000Z");
  const future = spanOf(
    { ...custom, fromDay: "2026-11-20", toDay: "2099-01-01" },
    nowMs,
  );
  assert.equal(future.toMs, nowMs);
  const wholly = spanOf(
    { ...custom, fromDay: "2098-01-01", toDay: "2099-01-01" },
    nowMs,
  );
  assert.ok(wholly.fromMs < wholly.toMs);
  const ages = spanOf(
    { ...custom, fromDay: "2000-01-01", toDay: "2026-11-01" },
    nowMs,
  );
  assert.ok(ages.fromMs > at("2021-01-01T00:00:00Z"));
});

Deno.test("placesOf: each hour of the day on which clocks go back is one of its own", () => {
  const { buckets } = placesOf({
    fromMs: at("2026-10-24T22:00:00Z"),
    toMs: at("2026-10-25T23:00:00Z"),
    bucket: "hour",
    timeZone: "Europe/Stockholm",
  }, null);
  assert.equal(buckets.length, 25);
  assert.deepEqual(
    buckets.slice(1, 5).map(({ label }) => label),
    ["01:00", "02:00", "02:00", "03:00"],
  );
});

Deno.test("placesOf: long spans are shown by the week, then the month, each day in one of them", () => {
  const daysUntil = (days: number) => {
    const toMs = at("2026-11-21T00:00:00Z");
    return placesOf({
      fromMs: toMs - days * 86_400_000,
      toMs,
      bucket: "day",
      timeZone: "UTC",
    }, null);
  };
  assert.equal(daysUntil(90).unit, "day");
  const weeks = daysUntil(200);
  assert.equal(weeks.unit, "week");
  assert.equal(weeks.places.length, 29);
  assert.equal(weeks.placeOf.size, 200);
  const months = daysUntil(800);
  assert.equal(months.unit, "month");
  assert.equal(months.places[1].label, "Oct 2024");
});

Deno.test("placesOf: what lies before the first use is left out", () => {
  const fromMs = at("2026-11-01T00:00:00Z");
  const { places } = placesOf({
    fromMs,
    toMs: at("2026-11-21T12:00:00Z"),
    bucket: "day",
    timeZone: "UTC",
  }, at("2026-11-19T00:00:00Z"));
  assert.deepEqual(
    places.map(({ title }) => title),
    ["Thu 19 Nov", "Fri 20 Nov", "Sat 21 Nov"],
  );
});

Deno.test("spanWords: a span that ends at midnight does not reach into the next day", () => {
  const words = spanWords({
    fromMs: at("2026-11-01T00:00:00Z"),
    toMs: at("2026-11-04T00:00:00Z"),
    timeZone: "UTC",
  }, { isLong: true });
  assert.equal(words, "1 November 2026 to 3 November 2026");
  const day = spanWords({
    fromMs: at("2026-11-01T00:00:00Z"),
    toMs: at("2026-11-01T10:00:00Z"),
    timeZone: "UTC",
  }, { isLong: true });
  assert.equal(day, "1 November 2026");
});
