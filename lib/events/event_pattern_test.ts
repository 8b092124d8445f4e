import assert from "node:assert/strict";
import { isEventPattern, matchesEvent } from "./event_pattern.ts";

Deno.test("matchesEvent: a type, a noun, a verb or everything", () => {
  const cases: [pattern: string, type: string, isMatch: boolean][] = [
    ["run.completed", "run.completed", true],
    ["run.completed", "run.failed", false],
    ["run.*", "run.failed", true],
    ["run.*", "thread.created", false],
    ["*.created", "thread.created", true],
    ["*.created", "run.started", false],
    ["*", "user.signed_in", true],
    ["*.*", "budget.warned", true],
  ];
  for (const [pattern, type, isMatch] of cases) {
    assert.equal(matchesEvent([pattern], type), isMatch, `${pattern} ${type}`);
  }
});

Deno.test("matchesEvent: what comes all the time has to be named, and what is not known is told to nobody", () => {
  assert.equal(
    matchesEvent(["*", "job.*", "*.progress"], "job.progress"),
    false,
  );
  assert.equal(matchesEvent(["job.progress"], "job.progress"), true);
  assert.equal(matchesEvent(["*", "secret.made"], "secret.made"), false);
});

Deno.test("isEventPattern: stands for at least one event there is", () => {
  for (const pattern of ["*", "run.*", "*.failed", "job.progress"]) {
    assert.ok(isEventPattern(pattern), pattern);
  }
  for (
    const text of [
      "",
      "run",
      "run.",
      "runs.*",
      "r*",
      "run.**",
      "constructor",
      "run.* ",
    ]
  ) {
    assert.ok(!isEventPattern(text), text);
  }
});
