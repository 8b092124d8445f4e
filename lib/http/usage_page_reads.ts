/** What a page of usage reads: everything at once, with one deadline; what is late is left out. */
import type { Caller } from "@/lib/auth/caller.ts";
import type { BudgetUse } from "@/lib/limits/budgets.ts";
import type { Services } from "@/lib/services.ts";
import {
  USAGE_GROUPS,
  type UsageChoice,
  type UsageGroup,
} from "@/lib/shared/usage/usage_choice.ts";
import type { BurnDown } from "@/lib/shared/usage/usage_page.ts";
import type { EffectiveLimits } from "@/lib/shared/wire.ts";
import type { UsageQuestion, UsageReport } from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import { effectiveView } from "./effective_limits.ts";
import { budgetToShow, burnDownOf } from "./usage_page_budget.ts";
import { heldValues } from "./usage_page_choice.ts";
import type { PageSpan, Span } from "./usage_page_span.ts";

/** How long everything on a page may take together, in milliseconds. */
const READ_DEADLINE_MS = 8_000;

/** Groups that have a series of their own. */
export const OWN_SERIES = 8;

/** Dimensions of which there are lists: on one's own page, and on that of the workspace. */
const OWN_LISTS: readonly UsageGroup[] = ["model", "key", "provider", "source"];
const ALL_LISTS: readonly UsageGroup[] = [
  "model",
  "user",
  "key",
  "provider",
  "source",
];

/** What was read; null where it was not in time. */
export interface UsageReads {
  /** By the dimension of the large chart, with its series. */
  grouped: UsageReport | null;
  /** All together, with its series. */
  whole: UsageReport | null;
  /** The span before by the same dimension; also null where there is none. */
  before: UsageReport | null;
  lists: { group: UsageGroup; report: UsageReport | null }[];
  /** Null also: there is no such budget. */
  burnDown: BurnDown | null;
  limits: EffectiveLimits | null;
  /** What was not in time, in words. */
  missing: string[];
}

export interface ReadsOptions {
  choice: UsageChoice;
  span: PageSpan;
  nowMs: number;
  /** Of the request. */
  signal: AbortSignal;
  deadlineMs?: number;
}

export async function readUsage(
  state: State,
  { choice, span, nowMs, signal, deadlineMs = READ_DEADLINE_MS }: ReadsOptions,
): Promise<UsageReads> {
  const { caller, services, log } = state;
  const isOwn = choice.path === "/usage";
  const filters = {
    ...heldValues(choice.filters),
    ...isOwn ? { user: [caller.user] } : {},
  };
  const timed = AbortSignal.any([signal, AbortSignal.timeout(deadlineMs)]);
  const missing: string[] = [];
  const ask = (question: Partial<UsageQuestion> & Span) =>
    services.usage.query.ask(caller.workspace, {
      bucket: span.bucket,
      timeZone: choice.timeZone,
      groupBy: null,
      filters,
      series: 0,
      rankBy: choice.measure ?? "cost",
      ...question,
    }, timed);
  /** Sums of a span as a whole: days of UTC are enough to put it together, and there are fewest of them. */
  const sum = (of: Span, groupBy: UsageGroup) =>
    ask({
      ...of,
      bucket: "day",
      timeZone: "UTC",
      groupBy,
      // Of models alone is shown how fast they are.
      times: groupBy === "model" ? "all" : "totals",
    });
  const inTime = async <T>(what: string, read: Promise<T>) => {
    try {
      return await orAborted(read, timed);
    } catch (error) {
      signal.throwIfAborted();
      if (!timed.aborted) log.warn("Usage could not be read", { what, error });
      missing.push(what);
      return null;
    }
  };
  const { groupBy } = choice;
  const listed = (isOwn ? OWN_LISTS : ALL_LISTS)
    .filter((group) => group !== groupBy);
  const [grouped, whole, before, lists, burnDown, limits] = await Promise.all([
    inTime("the chart", ask({ ...span, groupBy, series: OWN_SERIES })),
    inTime("the figures", ask(span)),
    span.before === null
      ? null
      : inTime("the span before", sum(span.before, groupBy)),
    Promise.all(listed.map(async (group) => ({
      group,
      report: await inTime(`the list by ${group}`, sum(span, group)),
    }))),
    inTime(
      "the budget",
      loadBurnDown(services, caller, isOwn, nowMs, timed),
    ),
    isOwn
      ? inTime(
        "your limits",
        effectiveView(state, { user: null, key: null, model: null }),
      )
      : null,
  ]);
  return { grouped, whole, before, lists, burnDown, limits, missing };
}

/** What a store that hangs does not keep the page from. */
async function orAborted<T>(
  read: Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  try {
    signal.throwIfAborted();
    return await Promise.race([read, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    // What comes after the deadline is nobody's.
    read.catch(() => {});
  }
}

/** The budget of the workspace, or on one's own page one's own. */
async function loadBurnDown(
  { budgets, usage }: Services,
  { user, workspace, groups }: Caller,
  isOwn: boolean,
  nowMs: number,
  signal: AbortSignal,
): Promise<BurnDown | null> {
  const uses: BudgetUse[] = await budgets.effective({
    workspace,
    groups: isOwn ? groups : [],
    user: isOwn ? user : null,
    key: null,
    model: null,
    address: null,
  });
  const subject = isOwn ? `user:${user}` : `workspace:${workspace}`;
  const use = budgetToShow(uses, subject);
  if (use === null) return null;
  return await burnDownOf(use, nowMs, (question) =>
    usage.query.ask(workspace, {
      ...question,
      groupBy: null,
      filters: isOwn ? { user: [user] } : {},
      series: 0,
    }, signal));
}

/** Whether an address may tell usage apart by this on a page. */
export function mayGroupBy(path: UsageChoice["path"], group: UsageGroup) {
  if (path === "/admin/usage") return USAGE_GROUPS.includes(group);
  return group !== "user" && group !== "group";
}
