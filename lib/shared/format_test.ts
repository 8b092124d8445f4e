import assert from "node:assert/strict";
import {
  daysBetween,
  formatCount,
  formatDuration,
  formatMoment,
  formatPlural,
  formatWholeDuration,
} from "./format.ts";

Deno.test("formatCount: groups thousands", () => {
  assert.equal(formatCount(1284), "1,284");
});

Deno.test("formatDuration: keeps as many figures as mean something", () => {
  assert.deepEqual(
    [0, 620, 4_800, 9_949, 9_960, 38_400, 59_600, 125_000].map(formatDuration),
    [
      "0.00 s",
      "0.62 s",
      "4.8 s",
      "9.9 s",
      "10 s",
      "38 s",
      "1 min 0 s",
      "2 min 5 s",
    ],
  );
});

Deno.test("formatWholeDuration: rounds to seconds, and never to none", () => {
  assert.deepEqual(
    [200, 5_600, 59_700, 125_000].map(formatWholeDuration),
    ["1 s", "6 s", "1 min 0 s", "2 min 5 s"],
  );
});

Deno.test("formatPlural: has the word in its right number", () => {
  assert.equal(formatPlural(1, "model"), "1 model");
  assert.equal(formatPlural(1200, "model"), "1,200 models");
});

const NOW = new Date("2026-11-21T00:30:00Z");

Deno.test("formatMoment: names the day as the viewer's zone has it", () => {
  const moment = new Date("2026-11-20T23:45:00Z");
  assert.equal(formatMoment(moment, NOW, "UTC"), "Yesterday, 23:45");
  assert.equal(formatMoment(moment, NOW, "Europe/Berlin"), "Today, 00:45");
  assert.equal(formatMoment(moment, NOW, "America/New_York"), "Today, 18:45");
});

Deno.test("formatMoment: adds the year only where it is another one", () => {
  assert.equal(
    formatMoment(new Date("2026-11-14T08:00:00Z"), NOW, "UTC"),
    "14 Nov, 08:00",
  );
  assert.equal(
    formatMoment(new Date("2025-02-03T08:00:00Z"), NOW, "UTC"),
    "3 Feb 2025, 08:00",
  );
});

Deno.test("daysBetween: counts days, not 24 hours, also over a change of the clock", () => {
  const saturday = new Date("2026-10-24T12:00:00Z");
  const monday = new Date("2026-10-26T00:30:00Z");
  assert.equal(daysBetween(saturday, monday, "Europe/Berlin"), 2);
  assert.equal(daysBetween(monday, monday, "Europe/Berlin"), 0);
});
