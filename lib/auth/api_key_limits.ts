/** Limits and a budget that a key has of its own; they count besides those of policies. */

/** How much may be asked with a key; null: no limit of its own. */
export interface ApiKeyLimits {
  requestsPerMinute: number | null;
  tokensPerMinute: number | null;
  /** Answers that are written at the same time. */
  concurrentRuns: number | null;
}

/** How much may be spent with a key in a period (UTC). */
export interface ApiKeyBudget {
  period: "day" | "week" | "month" | "total";
  /** US dollars as decimal text, or null: money is not limited. */
  usd: string | null;
  /** Tokens in and out together, or null: they are not limited. */
  tokens: number | null;
  /** Share of the budget from which on it warns, above 0 and up to 1. */
  softRatio: number;
}
