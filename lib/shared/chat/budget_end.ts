import type { RunError } from "@/lib/shared/wire.ts";

/** What a message says whose answer was cut off by a budget; the answer counts as complete all the same. */
export const BUDGET_END: RunError = {
  code: "budget_exceeded",
  message: "The answer ends here: a budget is spent.",
  retryable: false,
};
