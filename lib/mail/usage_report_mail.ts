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

export interface ReportFacts {
  /** Name of the workspace. */
  workspace: string;
  /** First and last day, such as `2026-11-21`. */
  from: string;
  to: string;
  timeZone: string;
  requests: number;
  errors: number;
  inputTokens: number;
  outputTokens: number;
  costMicroUsd: number;
  unpriced: number;
  savedMicroUsd: number;
  /** Cost of as many days before. */
  costBeforeMicroUsd: number;
  models: readonly ReportLine[];
  people: readonly ReportLine[];
  /** Page of the usage; null: there is no public address. */
  link: string | null;
}

/** Models and people that a mail lists, at most. */
export const REPORT_LINES = 10;

export function usageReportMail(facts: ReportFacts): MailContent {
  const { workspace, from, to, requests } = facts;
  const days = from === to ? from : `${from} to ${to}`;
  const title = `Usage of ${workspace}, ${days}`;
  return {
    kind: "usage-report",
    subject: `${title}: ${usd(facts.costMicroUsd)}`,
    ...renderLetter({
      title,
      paragraphs: requests === 0 ? ["Nothing was asked in this time."] : [],
      facts: requests === 0 ? [] : totals(facts),
      tables: requests === 0 ? [] : [
        table("Models", facts.models),
        table("People", facts.people),
      ].filter(({ rows }) => rows.length > 0),
      ...(facts.link === null
        ? {}
        : { action: { label: "Open Freshet", url: facts.link } }),
      closing:
        `Days by the calendar of ${facts.timeZone}. You get this mail because you run this workspace, or asked for it.`,
    }),
  };
}

function totals(facts: ReportFacts): [string, string][] {
  const { costMicroUsd, costBeforeMicroUsd, unpriced, savedMicroUsd } = facts;
  const rows: [string, string][] = [
    ["Cost", usd(costMicroUsd)],
    [
      facts.from === facts.to ? "The day before" : "As many days before",
      `${usd(costBeforeMicroUsd)}${change(costMicroUsd, costBeforeMicroUsd)}`,
    ],
    ["Answers", count(facts.requests)],
    ["Failed", count(facts.errors)],
    ["Tokens asked", count(facts.inputTokens)],
    ["Tokens answered", count(facts.outputTokens)],
  ];
  if (unpriced > 0) rows.push(["Without a price", count(unpriced)]);
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
function change(nowMicroUsd: number, beforeMicroUsd: number): string {
  if (beforeMicroUsd === 0) return "";
  const percent = Math.round(100 * (nowMicroUsd / beforeMicroUsd - 1));
  const sign = percent < 0 ? "−" : "+";
  return ` (${sign}${Math.abs(percent)} %)`;
}

const usd = (microUsd: number) => `$${(microUsd / 1e6).toFixed(2)}`;
const count = (number: number) => number.toLocaleString("en-US");
