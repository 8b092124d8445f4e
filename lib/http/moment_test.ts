import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { readMoment } from "./moment.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = Date.UTC(2026, 1, 28);

Deno.test("readMoment: a day begins at midnight UTC, a time has a zone of its own", () => {
  assert.equal(readMoment("from", null), null);
  assert.equal(readMoment("from", ""), null);
  assert.equal(readMoment("from", "2026-02-28"), DAY_MS);
  assert.equal(readMoment("from", "2026-02-28T01:00Z"), DAY_MS + HOUR_MS);
  assert.equal(
    readMoment("from", "2026-02-28T05:30:00+05:30"),
    DAY_MS,
  );
  assert.equal(readMoment("from", "2024-02-29"), Date.UTC(2024, 1, 29));
});

Deno.test("readMoment: a time without a zone is of UTC where that is allowed", () => {
  assert.equal(
    readMoment("from", "2026-02-28T01:00:00", true),
    DAY_MS + HOUR_MS,
  );
  assert.throws(() => readMoment("from", "2026-02-28T01:00:00"), AppError);
});

Deno.test("readMoment: no month has days beyond its last", () => {
  for (
    const text of [
      "2026-02-29",
      "2026-02-30",
      "2026-04-31T00:00:00Z",
      "2026-13-01",
      "2026-01-32",
      "2026-01-01T25:00Z",
      "yesterday",
      "1e9",
    ]
  ) {
    assert.throws(
      () => readMoment("to", text),
      ({ status, message }: AppError) =>
        status === 400 && message.startsWith("to must be a date"),
      text,
    );
  }
});
