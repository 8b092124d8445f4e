/** Budgets as the API and the pages show them. */
import type { BudgetPeriod, BudgetRule } from "@/lib/config/budgets.ts";
import { formatUsd } from "@/lib/shared/usd.ts";
import { PERIOD_WORDS, resetWords } from "./budget_period.ts";
import { limitWords } from "./budget_refusal.ts";
import { effectiveRules, periodOfName } from "./budget_rules.ts";
import type { EditedBudgets } from "./budget_settings.ts";
import type { BudgetUse } from "./budgets.ts";
import { patternWords } from "./subjects.ts";

/** A budget that holds in a workspace, and who has set it. */
export type SourcedBudget = BudgetRule & { source: "config" | "edited" };

/** What `GET /api/budgets` answers. */
export interface BudgetList {
  items: SourcedBudget[];
  version: number;
}

export function toBudgetList(
  configured: readonly BudgetRule[],
  { version, rules }: EditedBudgets,
): BudgetList {
  const own = new Set<BudgetRule>(rules);
  const items = effectiveRules(configured, rules).map((rule) => ({
    subject: rule.subject,
    period: rule.period,
    usd: rule.usd ?? null,
    tokens: rule.tokens ?? null,
    softRatio: rule.softRatio,
    source: own.has(rule) ? "edited" as const : "config" as const,
  }));
  return { items, version };
}

function reasonOf({ pattern }: BudgetUse["budget"]): string {
  if (pattern === null) return "that budget stands on the key";
  const words = `of the budget for ${patternWords(pattern)}`;
  return pattern.endsWith(":*")
    ? words
    : `${words}, which holds in place of one for each`;
}

/** A budget that somebody has to keep, and what is left of it. */
export interface BudgetState {
  /** `kind:id`. */
  subject: string;
  period: BudgetPeriod;
  /** US dollars; null: money is not bounded. */
  usd: string | null;
  tokens: number | null;
  spentUsd: string;
  spentTokens: number;
  /** Null where it is not bounded. */
  remainingUsd: string | null;
  remainingTokens: number | null;
  /** When it begins anew, RFC 3339; null: it does not. */
  resetsAt: string | null;
  /** "Limited to … because …". */
  because: string;
}

export function toBudgetState(
  { budget, spent, remaining }: BudgetUse,
  nowMs: number,
): BudgetState {
  const { subject, span, limit } = budget;
  const usd = (microUsd: number | null) =>
    microUsd === null ? null : formatUsd(microUsd);
  return {
    subject,
    period: periodOfName(span.name),
    usd: usd(limit.microUsd),
    tokens: limit.tokens,
    spentUsd: formatUsd(spent.microUsd),
    spentTokens: spent.tokens,
    remainingUsd: usd(remaining.microUsd),
    remainingTokens: remaining.tokens,
    resetsAt: resetWords(span, nowMs)?.resetsAt ?? null,
    because: `Limited to ${limitWords(limit)} ${
      PERIOD_WORDS[span.period]
    } because ${reasonOf(budget)}`,
  };
}
