import assert from "node:assert/strict";
import { budgetExceeded } from "./budget_refusal.ts";
import { periodAt } from "./budget_period.ts";

const NOW_MS = Date.parse("2026-11-21T15:00:00Z");

/** The words in which one is told who may spend a dollar a day and has so much left, in micro-dollars. */
function words(leftMicroUsd: number): string {
  const refusal = {
    budget: {
      workspace: "wsp_1",
      subject: "user:usr_1",
      pattern: "user:*",
      span: periodAt("day", NOW_MS),
      limit: { microUsd: 1_000_000, tokens: null },
      soft: { microUsd: null, tokens: null },
    },
    want: { microUsd: 2_060_000, tokens: 900 },
    left: { microUsd: leftMicroUsd, tokens: null },
  };
  return budgetExceeded(refusal, NOW_MS).message;
}

Deno.test("budgetExceeded: what is left is told where it does not suffice, and is not called spent", () => {
  assert.equal(
    words(320_000),
    "The budget of 1.00 USD a day for you has 0.32 USD left, and this answer may need 2.06 USD. It begins anew in 9 hours, at 2026-11-22T00:00:00Z.",
  );
  assert.equal(
    words(0),
    "The budget of 1.00 USD a day for you is spent. It begins anew in 9 hours, at 2026-11-22T00:00:00Z.",
  );
});
