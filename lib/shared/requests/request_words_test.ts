import assert from "node:assert/strict";
import { formatClock, formatSpan, stateWord } from "./request_words.ts";

Deno.test("formatSpan: as many figures as tell anything", () => {
  const told = [0, 0.3, 4.2, 99.6, 840, 999.4, 999.6, 6_314, 12_440, 125_000];
  assert.deepEqual(told.map(formatSpan), [
    "0 ms",
    "0.3 ms",
    "4 ms",
    "100 ms",
    "840 ms",
    "999 ms",
    "1.00 s",
    "6.31 s",
    "12.4 s",
    "2 min 5 s",
  ]);
});

Deno.test("formatClock: the day is told where it is another one in the viewer's zone", () => {
  const nowMs = Date.parse("2026-11-21T02:00:00Z");
  const at = "2026-11-20T23:30:00.012Z";
  const clock = (timeZone: string) => formatClock(at, { nowMs, timeZone });
  assert.equal(clock("UTC"), "20 Nov, 23:30:00.012");
  assert.equal(clock("Europe/Berlin"), "00:30:00.012");
  assert.equal(clock("Asia/Kolkata"), "05:00:00.012");
});

Deno.test("stateWord: an answer out of the cache and one that fell back are told apart from others", () => {
  const word = (
    status: string,
    more: Partial<Parameters<typeof stateWord>[0]> = {},
  ) =>
    stateWord({
      status,
      path: "first",
      cache: null,
      httpStatus: 200,
      ...more,
    });
  assert.equal(word("completed").word, "Completed");
  assert.equal(word("completed", { cache: "hit-l2" }).word, "From cache");
  assert.equal(word("completed", { path: "fell-back" }).word, "Fell back");
  assert.equal(word("refused", { httpStatus: 429 }).word, "Refused, 429");
  assert.equal(word("running").icon, null);
  assert.equal(word("something new").tone, "bad");
});
