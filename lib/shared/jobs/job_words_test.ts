import assert from "node:assert/strict";
import type { JobView } from "./job_view.ts";
import { formatSpan } from "./admin_jobs.ts";
import {
  boundedCount,
  formatBytes,
  progressText,
  timeLeft,
  waitWords,
} from "./job_words.ts";

const AT_MS = Date.parse("2026-11-21T12:00:00.000Z");
const at = (ms: number) => new Date(AT_MS + ms).toISOString();

const left = (value: number, elapsedMs: number) =>
  timeLeft(
    { progress: { value, message: "" }, startedAt: at(-elapsedMs) },
    AT_MS,
  );

Deno.test("timeLeft: says nothing before it can be told, then less and less", () => {
  assert.equal(left(0, 60_000), null);
  assert.equal(left(0.5, 1_000), null);
  assert.equal(left(0.02, 60_000), null);
  assert.equal(left(0.5, 20_000), "under a minute left");
  assert.equal(left(0.25, 5 * 60_000), "about 15 min left");
  assert.equal(left(0.1, 3_600_000), "about 9 h left");
  assert.equal(left(1, 60_000), null);
});

Deno.test("progressText: what the job says, or else a share that is never rounded up to the end", () => {
  assert.equal(
    progressText({ value: 0.68, message: "816 of 1,200" }),
    "816 of 1,200",
  );
  assert.equal(progressText({ value: 0.999, message: "" }), "99 %");
});

Deno.test("waitWords: names the reason and what comes next", () => {
  const view = (more: Partial<JobView>) =>
    ({
      runAt: at(0),
      error: null,
      attempt: 1,
      maxAttempts: 3,
      ...more,
    }) as JobView;
  assert.deepEqual(
    waitWords(
      { why: "retry" },
      view({ runAt: at(12_000), error: "502 Bad Gateway" }),
      AT_MS,
    ),
    { why: "502 Bad Gateway", next: "Attempt 2 of 3 in 12 s" },
  );
  assert.equal(
    waitWords({ why: "later" }, view({ runAt: at(7_200_000) }), AT_MS).why,
    "Starts in 2 h",
  );
  const places = { why: "places", places: 2 } as const;
  const inLine = (ahead: number | null) =>
    waitWords({ ...places, ahead }, view({}), AT_MS);
  assert.deepEqual(inLine(0), {
    why: "All 2 places for its kind are taken",
    next: "Next in line",
  });
  assert.equal(inLine(1).next, "1 job before it");
  assert.equal(inLine(null).next, "Many are before it");
});

Deno.test("formatSpan, formatBytes, boundedCount: carry their units", () => {
  assert.deepEqual(
    [4, 999, 1_400, 42_000, 185_000, 5_400_000].map(formatSpan),
    ["4 ms", "999 ms", "1.4 s", "42 s", "3 min", "1.5 h"],
  );
  assert.deepEqual(
    [0, 999, 1_400, 134_217_728].map(formatBytes),
    ["0 B", "999 B", "1.4 kB", "134 MB"],
  );
  assert.equal(boundedCount({ count: 200, isMore: true }), "200+");
  assert.equal(boundedCount({ count: 12, isMore: false }), "12");
});
