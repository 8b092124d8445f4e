import assert from "node:assert/strict";
import { formatAgo, formatAhead } from "./ago.ts";

const NOW = new Date("2026-11-21T14:00:00Z");
const MINUTE_MS = 60_000;
const at = (minutes: number) => new Date(NOW.getTime() + minutes * MINUTE_MS);

Deno.test("formatAgo: minutes, hours, days, then the date", () => {
  assert.deepEqual(
    [0, 1, 59, 60, 1_439, 1_440, 3 * 1_440, 14 * 1_440, 15 * 1_440].map((
      minutes,
    ) => formatAgo(at(-minutes), NOW)),
    [
      "just now",
      "1 min ago",
      "59 min ago",
      "1 h ago",
      "23 h ago",
      "1 day ago",
      "3 days ago",
      "14 days ago",
      "6 Nov 2026",
    ],
  );
});

Deno.test("formatAgo: a clock that is behind says that it was just now", () => {
  assert.equal(formatAgo(at(5), NOW), "just now");
});

Deno.test("formatAhead: minutes, hours, days, then the date", () => {
  assert.deepEqual(
    [0, 0.5, 80, 7 * 1_440 - 1, 40 * 1_440].map((minutes) =>
      formatAhead(at(minutes), NOW)
    ),
    ["over", "in 1 min", "in 1 h", "in 7 days", "on 31 Dec 2026"],
  );
});
