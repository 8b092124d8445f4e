import assert from "node:assert/strict";
import { summaryOf } from "@/lib/observe/request_summary.ts";
import { record } from "@/lib/observe/testing/records.ts";
import { AppError } from "@/lib/errors.ts";
import { readRequestQuestion } from "./request_query.ts";

const read = (query: string) =>
  readRequestQuestion(new URL(`http://localhost/admin/requests${query}`));

const NAMES = {
  textOf: (id: string) => id === "usr_1" ? "Eva Strand eva@hydro.example" : "",
};

Deno.test("readRequestQuestion: nothing asked is everything wanted, without a name being read", () => {
  const question = read("?q=&model=&from=");
  assert.equal(question.needsNames, false);
  assert.equal(question.mark, null);
  assert.ok(question.isWanted(summaryOf(record(0)), NAMES));
});

Deno.test("readRequestQuestion: the short lists are used only where they hold all that is wanted", () => {
  const marks = [
    "?result=failed",
    "?status=interrupted",
    "?result=slow",
    "?seconds=30",
    "?seconds=29",
    "?status=cancelled",
    "?error=provider_timeout",
    "?result=slow&status=failed",
  ].map((query) => read(query).mark);
  assert.deepEqual(marks, [
    "failed",
    "failed",
    "slow",
    "slow",
    null,
    null,
    null,
    "failed",
  ]);
});

Deno.test("readRequestQuestion: what a short list holds beyond the wanted is left out", () => {
  const { isWanted } = read("?result=slow&status=failed");
  const quick = summaryOf(record(0, { status: "failed", totalMs: 5 }));
  const slow = summaryOf(record(0, { status: "failed", totalMs: 50_000 }));
  assert.deepEqual([isWanted(quick, NAMES), isWanted(slow, NAMES)], [
    false,
    true,
  ]);
});

Deno.test("readRequestQuestion: a person is known by id, name or address, and by no part of another's id", () => {
  const eva = summaryOf(record(0, { user: "usr_1" }));
  const other = summaryOf(record(0, { user: "usr_12" }));
  for (const query of ["?user=usr_1", "?user=EVA@", "?user=strand", "?q=eva"]) {
    const { isWanted } = read(query);
    assert.ok(isWanted(eva, NAMES), query);
    assert.ok(!isWanted(other, NAMES), query);
  }
});

Deno.test("readRequestQuestion: a time without a zone is of UTC, and a span has to go forwards", () => {
  assert.equal(
    read("?from=2026-11-21T14:30").fromMs,
    Date.parse("2026-11-21T14:30:00Z"),
  );
  assert.equal(read("?to=2026-11-21").toMs, Date.parse("2026-11-21T00:00:00Z"));
  for (const query of ["?from=2026-13-01", "?from=2026-02-02&to=2026-02-02"]) {
    assert.throws(() => read(query), AppError, query);
  }
});
