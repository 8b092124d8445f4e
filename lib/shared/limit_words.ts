/** Limits and budgets in the words of pages. */
import { formatCount } from "./format.ts";
import type {
  BudgetState,
  LimitAmounts,
  LimitPolicy,
  LimitState,
} from "./wire.ts";

/** One thing that a policy limits, as forms and tables have it. */
export interface AmountWords {
  field: keyof LimitAmounts;
  /** Label of its field. */
  label: string;
  /** Behind the number. */
  words: string;
}

export const AMOUNT_WORDS: readonly AmountWords[] = [
  amount("requestsPerMinute", "Requests a minute"),
  amount("requestsPerHour", "Requests an hour"),
  amount("requestsPerDay", "Requests in 24 hours"),
  amount("tokensPerMinute", "Tokens a minute"),
  amount("tokensPerHour", "Tokens an hour"),
  amount("tokensPerDay", "Tokens in 24 hours"),
  amount("concurrentRuns", "Answers at once"),
];

function amount(field: keyof LimitAmounts, label: string): AmountWords {
  return { field, label, words: label.toLowerCase() };
}

/** What a policy limits: "60 requests a minute", … */
export function policyAmounts(policy: LimitAmounts): string[] {
  return AMOUNT_WORDS.flatMap(({ field, words }) => {
    const limit = policy[field];
    if (limit === null) return [];
    const singular = words.replace(/^(\w+)s/, "$1");
    return [`${formatCount(limit)} ${limit === 1 ? singular : words}`];
  });
}

/** Kinds of subjects, as forms have them. */
export const KIND_WORDS: Readonly<Record<LimitState["subjectKind"], string>> = {
  workspace: "Workspace",
  group: "Group",
  user: "Person",
  key: "Key",
  model: "Model",
  address: "Address",
};

/** Parts of `kind:id`. */
export function splitSubject(
  subject: string,
): { kind: LimitState["subjectKind"]; id: string } {
  const colon = subject.indexOf(":");
  return {
    kind: subject.slice(0, colon) as LimitState["subjectKind"],
    id: subject.slice(colon + 1),
  };
}

/**
 * Whom a policy is for: "Each key", "Group Hydrology".
 * @param names of groups, people and keys, by id
 */
export function subjectWords(
  { subject }: Pick<LimitPolicy, "subject">,
  names: Readonly<Record<string, string>>,
): string {
  const { kind, id } = splitSubject(subject);
  const word = KIND_WORDS[kind];
  return id === "*"
    ? `Each ${word.toLowerCase()}`
    : `${word} ${names[id] ?? id}`;
}

const WINDOWS: Readonly<Record<number, string>> = {
  60: "this minute",
  3600: "this hour",
  86400: "in 24 hours",
};

/** Whom a count is of beside the viewer alone: " of your group". */
function ofWhom({ subject, subjectKind }: LimitState): string {
  switch (subjectKind) {
    case "user":
      return "";
    case "workspace":
      return ", whole workspace";
    case "group":
      return ", your group";
    case "key":
      return ", this key";
    case "model":
      return `, ${splitSubject(subject).id}`;
    case "address":
      return ", this address";
  }
}

/** "Requests this minute", "Answers at once, whole workspace". */
export function limitLabel(state: LimitState): string {
  const { measure, windowSeconds } = state;
  const what = measure === "runs"
    ? "Answers at once"
    : `${measure === "tokens" ? "Tokens" : "Requests"} ${
      WINDOWS[windowSeconds ?? 0] ?? `in ${windowSeconds} s`
    }`;
  return what + ofWhom(state);
}

const THOUSAND = 1_000;
const MILLION = 1_000_000;

/** Large counts in thousands or millions: `171k`, `50M`. */
function short(count: number): string {
  if (count < 10 * THOUSAND) return formatCount(Math.round(count));
  return count < 10 * MILLION
    ? `${formatCount(Math.floor(count / THOUSAND))}k`
    : `${formatCount(Math.floor(count / MILLION))}M`;
}

/** "4 of 60"; "5 of 5, next waits". */
export function limitValue({ measure, limit, used }: LimitState): string {
  const value = `${short(used)} of ${short(limit)}`;
  return measure === "runs" && used >= limit ? `${value}, next waits` : value;
}

/** What a budget and its use come to, for gauges: one for money, one for tokens. */
export function budgetGauges(
  budget: BudgetState,
  now: Date,
): { label: string; value: string; level: number }[] {
  const label = budgetLabel(budget, now);
  const gauges: { label: string; value: string; level: number }[] = [];
  if (budget.usd !== null) {
    const value = `$${budget.spentUsd} of $${budget.usd}`;
    const level = levelOf(Number(budget.spentUsd), Number(budget.usd));
    gauges.push({ label, value, level });
  }
  if (budget.tokens !== null) {
    const value = `${short(budget.spentTokens)} of ${short(budget.tokens)}`;
    const level = levelOf(budget.spentTokens, budget.tokens);
    gauges.push({ label: `${label}, tokens`, value, level });
  }
  return gauges;
}

/** Part of a limit that is used; all of one that allows nothing. */
export function levelOf(used: number, limit: number): number {
  return limit > 0 ? used / limit : 1;
}

function budgetLabel({ period, subject }: BudgetState, now: Date): string {
  const { kind } = splitSubject(subject);
  const whose = kind === "user" ? "" : `, ${KIND_WORDS[kind].toLowerCase()}`;
  const names = {
    day: "Today’s budget",
    week: "This week’s budget",
    month: `${
      new Intl.DateTimeFormat("en", { month: "long", timeZone: "UTC" })
        .format(now)
    } budget`,
    total: "Budget in all",
  };
  return names[period] + whose;
}
