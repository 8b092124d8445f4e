/** How whoever asks is told that a budget is spent. */
import { AppError } from "@/lib/errors.ts";
import { formatCount } from "@/lib/shared/format.ts";
import { formatUsd } from "@/lib/shared/usd.ts";
import type { BudgetRefusal } from "./budget_account.ts";
import type { Amount, AmountLimit } from "./budget_amount.ts";
import { PERIOD_WORDS, resetWords } from "./budget_period.ts";
import { parsePattern, patternWords } from "./subjects.ts";

/** Bounds in words: "1.00 USD", "2,000 tokens", or both. */
export function limitWords({ microUsd, tokens }: AmountLimit): string {
  const parts: string[] = [];
  if (microUsd !== null) parts.push(`${formatUsd(microUsd)} USD`);
  if (tokens !== null) parts.push(`${formatCount(tokens)} tokens`);
  return parts.join(" and ");
}

/** Of an amount what is bounded, in words. */
export function amountWords(amount: Amount, limit: AmountLimit): string {
  return limitWords({
    microUsd: limit.microUsd === null ? null : amount.microUsd,
    tokens: limit.tokens === null ? null : amount.tokens,
  });
}

/** When the budget begins anew, in a sentence. */
export function resetSentence(
  budget: BudgetRefusal["budget"],
  nowMs: number,
): string {
  const reset = resetWords(budget.span, nowMs);
  return reset === null
    ? "It does not begin anew by itself; an admin can raise it."
    : `It begins anew ${reset.words}, at ${reset.resetsAt}.`;
}

/** Whose budget it is, as who asks is told. */
function askerWords(subject: string): string {
  switch (parsePattern(subject)?.kind) {
    case "workspace":
      return "this workspace";
    case "user":
      return "you";
    case "key":
      return "this API key";
    case "address":
      return "your address";
    default:
      return patternWords(subject);
  }
}

/** Whether nothing is left of what is bounded. */
function isSpent({ microUsd, tokens }: AmountLimit): boolean {
  return (microUsd !== null && microUsd <= 0) ||
    (tokens !== null && tokens <= 0);
}

/** 402 `budget_exceeded`: which budget, and when it begins anew. Asking again does not mend it. */
export function budgetExceeded(
  { budget, want, left }: BudgetRefusal,
  nowMs: number,
): AppError {
  const { subject, span, limit } = budget;
  const whole = `${limitWords(limit)} ${PERIOD_WORDS[span.period]}`;
  const reset = resetWords(span, nowMs);
  return new AppError({
    status: 402,
    code: "budget_exceeded",
    message: `The budget of ${whole} for ${askerWords(subject)} ${
      isSpent(left)
        ? "is spent"
        : `has ${limitWords(left)} left, and this answer may need ${
          amountWords(want, limit)
        }`
    }. ${resetSentence(budget, nowMs)}`,
    headers: { "x-should-retry": "false" },
    extra: {
      budget: {
        subject,
        period: span.period,
        resetsAt: reset?.resetsAt ?? null,
      },
    },
  });
}
