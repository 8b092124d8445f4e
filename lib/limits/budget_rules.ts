/** Which budgets meet a request. */
import type {
  BudgetAmounts,
  BudgetPeriod,
  BudgetRule,
} from "@/lib/config/budgets.ts";
import { parseUsd } from "@/lib/shared/usd.ts";
import { type AmountLimit, fits, isSameLimit } from "./budget_amount.ts";
import { periodAt, type PeriodSpan } from "./budget_period.ts";
import { matchRules, subjectName, type Subjects } from "./subjects.ts";

/** A budget of one subject in one period, as it holds for a request. */
export interface HeldBudget {
  readonly workspace: string;
  /** `kind:id`, never with `*`. */
  readonly subject: string;
  readonly span: PeriodSpan;
  readonly limit: AmountLimit;
  /** What is to be spent before a warning goes out. */
  readonly soft: AmountLimit;
  /** Whom the budget was set for, as it was written: `kind:ID` or `kind:*`; null: it stands on the key. */
  readonly pattern: string | null;
}

/** Names a budget of one period among all of its workspace. */
export function budgetName(
  { workspace, subject, span }: Pick<
    HeldBudget,
    "workspace" | "subject" | "span"
  >,
): string {
  return `${workspace} ${subject} ${span.name}`;
}

/** A budget as it stands on a key; without a ratio it never warns. */
export type KeyBudget = Omit<BudgetAmounts, "softRatio"> & {
  softRatio: number | null;
};

/** The bounds of a rule. */
export function limitOf(
  { usd, tokens }: Pick<BudgetAmounts, "usd" | "tokens">,
): AmountLimit {
  return {
    microUsd: usd === null || usd === undefined ? null : Number(parseUsd(usd)),
    tokens: tokens ?? null,
  };
}

function softOf(limit: AmountLimit, ratio: number | null): AmountLimit {
  const part = (bound: number | null) =>
    bound === null || ratio === null ? null : Math.ceil(bound * ratio);
  return { microUsd: part(limit.microUsd), tokens: part(limit.tokens) };
}

function isUnbounded({ microUsd, tokens }: AmountLimit): boolean {
  return microUsd === null && tokens === null;
}

/** A workspace's own rules, then those of the settings that it has not set anew. */
export function effectiveRules(
  configured: readonly BudgetRule[],
  edited: readonly BudgetRule[],
): BudgetRule[] {
  const place = ({ subject, period }: BudgetRule) => `${period} ${subject}`;
  const own = new Set(edited.map(place));
  return [...edited, ...configured.filter((rule) => !own.has(place(rule)))];
}

/**
 * The budgets that a request has to keep at a moment: of each kind of subject the one for it by name, else
 * the one for each; of several for the same subject and period the least.
 * @param rules of the request's workspace
 * @param keyBudget what is set on the key itself, which holds besides all others
 */
export function budgetsFor(
  rules: readonly BudgetRule[],
  subjects: Subjects,
  nowMs: number,
  keyBudget: KeyBudget | null = null,
): HeldBudget[] {
  const held = new Map<string, HeldBudget>();
  const hold = (subject: string, rule: KeyBudget, pattern: string | null) => {
    const limit = limitOf(rule);
    if (isUnbounded(limit)) return;
    const span = periodAt(rule.period, nowMs);
    const place = `${subject} ${span.name}`;
    const budget = {
      workspace: subjects.workspace,
      subject,
      span,
      limit,
      soft: softOf(limit, rule.softRatio),
      pattern,
    };
    const there = held.get(place);
    held.set(place, there === undefined ? budget : stricter(there, budget));
  };
  for (const { subject, rule } of matchRules(rules, subjects)) {
    hold(subject, rule, rule.subject);
  }
  if (keyBudget !== null && subjects.key !== null) {
    hold(subjectName("key", subjects.key), keyBudget, null);
  }
  return [...held.values()];
}

function least(left: number | null, right: number | null): number | null {
  if (left === null || right === null) return left ?? right;
  return Math.min(left, right);
}

function stricter(left: HeldBudget, right: HeldBudget): HeldBudget {
  const both = (of: "limit" | "soft"): AmountLimit => ({
    microUsd: least(left[of].microUsd, right[of].microUsd),
    tokens: least(left[of].tokens, right[of].tokens),
  });
  return { ...left, limit: both("limit"), soft: both("soft") };
}

/** Whether an amount is beyond what a warning goes out for. */
export function isBeyondSoft(
  amount: Parameters<typeof fits>[0],
  { soft }: Pick<HeldBudget, "soft">,
): boolean {
  const reached = (bound: number | null, used: number) =>
    bound !== null && used > 0 && used >= bound;
  return reached(soft.microUsd, amount.microUsd) ||
    reached(soft.tokens, amount.tokens);
}

/** Whether two budgets ask for the same. */
export function isSameBudget(left: HeldBudget, right: HeldBudget): boolean {
  return isSameLimit(left.limit, right.limit) &&
    isSameLimit(left.soft, right.soft);
}

/** The period of a name that `PeriodSpan` has. */
export function periodOfName(name: string): BudgetPeriod {
  if (name === "total") return "total";
  if (name.endsWith("w")) return "week";
  return name.length === "2026-11".length ? "month" : "day";
}
