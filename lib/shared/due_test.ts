import assert from "node:assert/strict";
import { describeDue, endOfDay, isTimeZone } from "./due.ts";

Deno.test("endOfDay: is the last minute of the day where the viewer is", () => {
  for (
    const [day, zone, expected] of [
      ["2026-11-30", "UTC", "2026-11-30T23:59:00.000Z"],
      ["2026-11-30", "Europe/Berlin", "2026-11-30T22:59:00.000Z"],
      ["2026-07-01", "Europe/Berlin", "2026-07-01T21:59:00.000Z"],
      ["2026-03-29", "Europe/Berlin", "2026-03-29T21:59:00.000Z"],
      ["2026-10-25", "Europe/Berlin", "2026-10-25T22:59:00.000Z"],
      ["2026-11-30", "Pacific/Kiritimati", "2026-11-30T09:59:00.000Z"],
      ["2026-11-30", "America/Los_Angeles", "2026-12-01T07:59:00.000Z"],
      ["2026-11-30", "Asia/Kathmandu", "2026-11-30T18:14:00.000Z"],
    ]
  ) assert.equal(endOfDay(day, zone), expected, `${day} ${zone}`);
});

Deno.test("endOfDay: texts that are no day give null", () => {
  for (const day of ["", "2026-02-31", "2026-13-01", "1.12.2026", "tomorrow"]) {
    assert.equal(endOfDay(day, "UTC"), null, day);
  }
});

Deno.test("isTimeZone: knows zones from other texts", () => {
  assert.deepEqual(
    ["Europe/Berlin", "UTC", "", "Moon/Crater"].map(isTimeZone),
    [true, true, false, false],
  );
});

Deno.test("describeDue: says the day from where the viewer stands", () => {
  const now = new Date("2026-11-21T12:00:00Z");
  const words = (dueAt: string, isDone = false) =>
    describeDue(dueAt, isDone, now, "UTC").words;
  assert.equal(words("2026-11-21T23:59:00Z"), "Due today");
  assert.equal(words("2026-11-22T23:59:00Z"), "Due tomorrow");
  assert.equal(words("2026-12-03T23:59:00Z"), "Due 3 Dec");
  assert.equal(words("2027-01-03T23:59:00Z"), "Due 3 Jan 2027");
  assert.equal(words("2026-11-21T11:00:00Z"), "Overdue since today");
  assert.equal(words("2026-11-20T23:59:00Z"), "Overdue since yesterday");
  assert.equal(words("2026-11-14T23:59:00Z", true), "Due 14 Nov");
});
