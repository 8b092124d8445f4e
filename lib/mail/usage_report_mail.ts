/** The usage report as a mail. */
import { type LetterTable, renderLetter } from "./letter.ts";
import type { MailContent } from "./mail.ts";

/** A line of the report: a model or a person. */
export interface ReportLine {
  name: string;
  requests: number;
  tokens: number;
  costMicroUsd: number;
  /** Answers of it without a price, which are not in the cost. */
  unpriced: number;
}

/** What was used in some days. */
export interface ReportFigures {
  requests: number;
  errors: number;
  inputTokens: number;
  outputTokens: number;
  costMicroUsd: number;
  unpricedRequests: number;
  savedMicroUsd: number;
  activeUsers: number;
  /** Milliseconds to the first token, of how many. */
  ttftMs: { n: number; p50: number | null; p95: number | null };
}

export interface ReportFacts {
  /** Name of the workspace. */
  workspace: string;
  /** First and last day, such as `2026-11-21`. */
  from: string;
  to: string;
  timeZone: string;
  totals: ReportFigures;
  /** The same of as many days before. */
  before: ReportFigures;
  models: readonly ReportLine[];
  people: readonly ReportLine[];
  /** Page of the usage; null: there is no public address. */
  link: string | null;
}

/** Models and people that a mail lists, at most. */
export const REPORT_LINES = 10;

export function usageReportMail(facts: ReportFacts): MailContent {
  const { workspace, from, to, totals: { requests, costMicroUsd } } = facts;
  const days = from === to ? from : `${from} to ${to}`;
  const title = `Usage of ${workspace}, ${days}`;
  return {
    kind: "usage-report",
    subject: `${title}: ${usd(costMicroUsd)}`,
    ...renderLetter({
      title,
      paragraphs: requests === 0 ? ["Nothing was asked in this time."] : [],
      facts: requests === 0 ? [] : figures(facts),
      tables: requests === 0 ? [] : [
        table("Models", facts.models),
        table("People", facts.people),
      ].filter(({ rows }) => rows.length > 0),
      ...(facts.link === null
        ? {}
        : { action: { label: "Open the page of usage", url: facts.link } }),
      closing:
        `Days by the calendar of ${facts.timeZone}. You get this mail because you run this workspace, or asked for it.`,
    }),
  };
}

/** Percentiles of fewer say nothing. */
const LEAST_TIMED = 20;

function figures(
  { totals, before, from, to }: ReportFacts,
): [string, string][] {
  const { ttftMs, unpricedRequests, savedMicroUsd } = totals;
  const against = (value: (of: ReportFigures) => number) =>
    change(value(totals), value(before));
  const rows: [string, string][] = [
    [
      "Cost",
      `${usd(totals.costMicroUsd)}${against((of) => of.costMicroUsd)}`,
    ],
    [
      from === to ? "The day before" : "As many days before",
      usd(before.costMicroUsd),
    ],
    ["Answers", `${count(totals.requests)}${against((of) => of.requests)}`],
    ["Failed", count(totals.errors)],
    ["Active people", count(totals.activeUsers)],
    ["Tokens asked", count(totals.inputTokens)],
    ["Tokens answered", count(totals.outputTokens)],
  ];
  if (ttftMs.n >= LEAST_TIMED) {
    const [half, most] = [ttftMs.p50!, ttftMs.p95!].map(seconds);
    rows.push(["First token after", `${half} (95 % within ${most})`]);
  }
  if (unpricedRequests > 0) {
    rows.push(["Without a price", count(unpricedRequests)]);
  }
  if (savedMicroUsd > 0) rows.push(["Saved by the cache", usd(savedMicroUsd)]);
  return rows;
}

function table(title: string, lines: readonly ReportLine[]): LetterTable {
  return {
    title,
    head: ["", "Answers", "Tokens", "Cost"],
    rows: lines.map((line) => [
      line.name,
      count(line.requests),
      count(line.tokens),
      line.unpriced === line.requests ? "unpriced" : usd(line.costMicroUsd),
    ]),
  };
}

/** ` (+12 %)` against what was before; empty where there was nothing. */
function change(now: number, before: number): string {
  if (before === 0) return "";
  const percent = Math.round(100 * (now / before - 1));
  const sign = percent < 0 ? "−" : "+";
  return ` (${sign}${Math.abs(percent)} %)`;
}

const usd = (microUsd: number) => `$${(microUsd / 1e6).toFixed(2)}`;
const seconds = (milliseconds: number) =>
  `${(milliseconds / 1_000).toFixed(1)} s`;
const count = (number: number) => number.toLocaleString("en-US");
