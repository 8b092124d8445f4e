/** What was used in the last minutes, as rules ask for it. */
import type { AlertWhere } from "@/lib/config/alerts.ts";
import type { AlertMetricName } from "@/lib/shared/alert_metrics.ts";
import type { UsageQuery, UsageReport } from "@/lib/usage/usage_query.ts";

type UsageTotals = UsageReport["totals"];

/** Of what usage is measured. */
export interface UsageAsk {
  workspaces: readonly string[];
  windowMs: number;
  where: AlertWhere;
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
}

/** What was used in each workspace. */
export type WorkspaceTotals = readonly UsageTotals[];

/** Workspaces that are read at the same time. */
const AT_ONCE = 8;
/** A window moves on in so many steps: what is said of a day need not be read every ten seconds. */
const STEPS_PER_WINDOW = 60;
/** Asks whose answers are held. */
const MOST_HELD = 500;

export class UsageMeasure {
  readonly #query: Pick<UsageQuery, "ask">;
  readonly #held = new Map<string, { atMs: number; totals: WorkspaceTotals }>();

  constructor(query: Pick<UsageQuery, "ask">) {
    this.#query = query;
  }

  /** Usage is kept by the minute: a window begins with a whole one. */
  async totals(
    ask: UsageAsk,
    signal: AbortSignal,
  ): Promise<WorkspaceTotals> {
    const { workspaces, windowMs, where, nowMs } = ask;
    const id = JSON.stringify([workspaces, windowMs, where]);
    const held = this.#held.get(id);
    const ageMs = nowMs - (held?.atMs ?? -Infinity);
    if (ageMs >= 0 && ageMs < windowMs / STEPS_PER_WINDOW) return held!.totals;
    const totals = await this.#read(ask, signal);
    this.#held.delete(id);
    this.#held.set(id, { atMs: nowMs, totals });
    const [oldest] = this.#held.keys();
    if (this.#held.size > MOST_HELD) this.#held.delete(oldest);
    return totals;
  }

  async #read(
    { workspaces, windowMs, where, nowMs }: UsageAsk,
    signal: AbortSignal,
  ): Promise<WorkspaceTotals> {
    const filters = Object.fromEntries(
      Object.entries(where).flatMap(([dimension, value]) =>
        value === undefined ? [] : [[dimension, [value]]]
      ),
    );
    const found: UsageTotals[] = [];
    const waiting = [...workspaces];
    const work = async () => {
      for (
        let workspace = waiting.pop();
        workspace !== undefined;
        workspace = waiting.pop()
      ) {
        const { totals } = await this.#query.ask(workspace, {
          fromMs: nowMs - windowMs,
          toMs: nowMs,
          bucket: "day",
          timeZone: "UTC",
          groupBy: null,
          filters,
          series: 0,
        }, signal);
        found.push(totals);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return found;
  }
}

/**
 * One measure out of the totals; null: too little was asked to say anything. A percentile of several
 * workspaces is that of the one where it is worst.
 * @param leastRequests below which shares and percentiles say nothing
 */
export function usageValue(
  metric: AlertMetricName,
  totals: WorkspaceTotals,
  leastRequests: number,
): number | null {
  const sum = (of: (totals: UsageTotals) => number) =>
    totals.reduce((total, each) => total + of(each), 0);
  const each = (
    of: (totals: UsageTotals) => UsageTotals["ttftMs"],
    which: "p50" | "p95",
  ) =>
    totals.map(of).flatMap((found) =>
      found.n >= leastRequests ? found[which] ?? [] : []
    );
  const most = (values: number[]) =>
    values.length === 0 ? null : Math.max(...values);
  const requests = sum((totals) => totals.requests);
  switch (metric) {
    case "requests":
      return requests;
    case "errors":
      return sum(({ errors }) => errors);
    case "tokens":
      return sum(({ inputTokens, outputTokens }) => inputTokens + outputTokens);
    case "cost":
      return sum(({ costMicroUsd }) => costMicroUsd) / 1e6;
    case "unpriced_requests":
      return sum(({ unpricedRequests }) => unpricedRequests);
    case "error_rate":
      return requests < leastRequests
        ? null
        : sum(({ errors }) => errors) / requests;
    case "ttft_p50":
      return most(each(({ ttftMs }) => ttftMs, "p50"));
    case "ttft_p95":
      return most(each(({ ttftMs }) => ttftMs, "p95"));
    case "total_p95":
      return most(each(({ totalMs }) => totalMs, "p95"));
    case "overhead_p95":
      return most(each(({ overheadMs }) => overheadMs, "p95"));
    case "tokens_per_second_p50": {
      const values = each(({ tokensPerSecond }) => tokensPerSecond, "p50");
      return values.length === 0 ? null : Math.min(...values);
    }
    default:
      return null;
  }
}
