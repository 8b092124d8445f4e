import assert from "node:assert/strict";
import type { ScheduleRun } from "@/lib/shared/wire.ts";
import { formatTime, runNote, runWords } from "./schedule_words.ts";

const RUN: ScheduleRun = {
  kind: "due",
  at: "2026-11-23T06:00:00.000Z",
  missed: 0,
  jobId: null,
  status: null,
  error: null,
  href: null,
};

Deno.test("formatTime: the wall time of a zone, with the year where it is another one there", () => {
  const now = Date.parse("2026-12-31T23:30:00Z");
  const at = "2026-12-31T23:45:00Z";
  assert.equal(formatTime(at, "UTC", now), "Thu 31 Dec, 23:45");
  assert.equal(formatTime(at, "Europe/Berlin", now), "Fri 1 Jan, 00:45");
  assert.equal(
    formatTime("2027-11-23T06:00:00Z", "Europe/Berlin", now),
    "Tue 23 Nov, 07:00",
  );
  assert.equal(
    formatTime("2027-11-23T06:00:00Z", "UTC", now),
    "Tue 23 Nov 2027, 06:00",
  );
});

Deno.test("runNote: says why nothing ran, what one job stands for, and why it failed", () => {
  assert.equal(runNote(RUN), "");
  assert.match(
    runNote({ ...RUN, kind: "missed", missed: 3 }),
    /3 times passed/,
  );
  assert.match(
    runNote({ ...RUN, kind: "missed", missed: 100 }),
    /100 times or more/,
  );
  assert.match(runNote({ ...RUN, kind: "crowded" }), /Ten jobs/);
  assert.match(runNote({ ...RUN, missed: 1 }), /1 time that passed/);
  const failed = { ...RUN, status: "dead" as const, error: "No money left" };
  assert.equal(runNote(failed), "No money left");
  assert.deepEqual(runWords(failed), { words: "Failed", tone: "bad" });
});
