/** Mails about budgets. */
import { renderLetter } from "./letter.ts";
import type { MailContent } from "./mail.ts";
import { mailMoment } from "./mail_moment.ts";

/** A budget and what is spent of it. */
export interface BudgetFacts {
  /** Whose budget it is, in words, such as `key "Build server"`. */
  subject: string;
  /** Name of the workspace. */
  workspace: string;
  /** `day`, `week`, `month` or `total`. */
  period: string;
  /** Micro-dollars, or null where money is not bounded. */
  spentMicroUsd: number | null;
  limitMicroUsd: number | null;
  spentTokens: number | null;
  limitTokens: number | null;
  /** When the next period begins, milliseconds since 1970 UTC; null: never. */
  resetsAt: number | null;
  /** Page of the budgets; null: there is no public address. */
  link: string | null;
}

const PERIODS: Readonly<Record<string, string>> = {
  day: "today's",
  week: "this week's",
  month: "this month's",
  total: "the whole",
};

/** Most of a budget is spent. */
export function budgetWarnedMail(facts: BudgetFacts): MailContent {
  const whose = `${PERIODS[facts.period] ?? "the"} budget of ${facts.subject}`;
  return {
    kind: "budget-warned",
    subject: `Most of ${whose} is spent`,
    ...renderLetter({
      title: `Most of ${whose} is spent`,
      paragraphs: [
        "Requests are still answered. Once the budget is spent they are refused until it begins anew, or until an admin raises it.",
      ],
      ...rest(facts),
    }),
  };
}

/** A budget is spent. */
export function budgetExceededMail(facts: BudgetFacts): MailContent {
  const whose = `${PERIODS[facts.period] ?? "the"} budget of ${facts.subject}`;
  const again = facts.resetsAt === null
    ? "until an admin raises it."
    : `until ${mailMoment(facts.resetsAt)}, or until an admin raises it.`;
  const title = `${whose[0].toUpperCase()}${whose.slice(1)} is spent`;
  return {
    kind: "budget-exceeded",
    subject: title,
    ...renderLetter({
      title,
      paragraphs: [`Requests that it is to pay for are refused ${again}`],
      ...rest(facts),
    }),
  };
}

function rest(
  {
    workspace,
    spentMicroUsd,
    limitMicroUsd,
    spentTokens,
    limitTokens,
    resetsAt,
    link,
  }: BudgetFacts,
) {
  const facts: [string, string][] = [["Workspace", workspace]];
  if (limitMicroUsd !== null) {
    facts.push([
      "Spent",
      `${usd(spentMicroUsd ?? 0)} of ${usd(limitMicroUsd)}`,
    ]);
  }
  if (limitTokens !== null) {
    const [spent, limit] = [spentTokens ?? 0, limitTokens].map(count);
    facts.push(["Tokens", `${spent} of ${limit}`]);
  }
  if (resetsAt !== null) facts.push(["Begins anew", mailMoment(resetsAt)]);
  return {
    facts,
    ...(link === null
      ? {}
      : { action: { label: "See the budgets", url: link } }),
    closing:
      "You get this mail because you run this workspace, or because the budget is yours.",
  };
}

const usd = (microUsd: number) => `${(microUsd / 1e6).toFixed(2)} USD`;
const count = (tokens: number) => tokens.toLocaleString("en-US");
