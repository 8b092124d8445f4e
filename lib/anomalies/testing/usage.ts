/** A workspace that is used, for tests: what was used in each hour is made up, and may be changed. */
import type { UsageQuery } from "@/lib/usage/usage_query.ts";
import { HOUR_MS } from "../usage_series.ts";
import { countAround, randomOf, workload } from "./series.ts";

/** Requests of somebody in an hour. */
export interface UsedRow {
  user: string;
  key: string;
  model: string;
  requests: number;
  errors?: number;
}

const TOKENS_A_REQUEST = 900;
const MICRO_USD_A_REQUEST = 4_000;

type Question = Parameters<UsageQuery["ask"]>[1];
type Report = Awaited<ReturnType<UsageQuery["ask"]>>;

/** Three people with a key each, two models, office hours of UTC. */
export function officeRows(atMs: number): UsedRow[] {
  const hour = Math.floor(atMs / HOUR_MS);
  // Hours of the week from Monday on: 1970 began on a Thursday.
  const ofWeek = (hour + 3 * 24) % 168;
  return ["a", "b", "c"].map((name, place) => ({
    user: `usr_${name}`,
    key: `key_${name}`,
    model: place === 2 ? "m2" : "m1",
    requests: countAround(
      (40 + 30 * place) * workload(ofWeek),
      randomOf(hour * 7 + place),
    ),
  }));
}

/** Usage as it is asked for, of the workspace that is named and of no other. */
export class UsedWorkspace implements Pick<UsageQuery, "ask"> {
  /** Before then nothing was used. */
  sinceMs: number;
  /** Changes what was used in an hour. */
  change: (atMs: number, rows: UsedRow[]) => UsedRow[] = (_, rows) => rows;
  asked = 0;
  readonly #workspace: string;

  constructor(workspace: string, sinceMs: number) {
    this.#workspace = workspace;
    this.sinceMs = sinceMs;
  }

  ask(workspace: string, question: Question): Promise<Report> {
    this.asked += 1;
    const { fromMs, toMs, bucket, timeZone, groupBy, filters } = question;
    const series: Report["series"] = [];
    const requestsOf = new Map<string, number>();
    for (let atMs = fromMs; atMs < toMs; atMs += HOUR_MS) {
      if (workspace !== this.#workspace || atMs < this.sinceMs) continue;
      const sums = new Map<string | null, UsedRow>();
      for (const row of this.change(atMs, officeRows(atMs))) {
        const key = groupBy === null ? null : row[groupBy as "user"];
        const sum = sums.get(key);
        sums.set(key, {
          ...row,
          requests: row.requests + (sum?.requests ?? 0),
          errors: (row.errors ?? 0) + (sum?.errors ?? 0),
        });
      }
      for (const [key, { requests, errors = 0 }] of sums) {
        if (requests === 0) continue;
        const wanted = filters[groupBy ?? "user"];
        if (wanted !== undefined && !wanted.includes(key ?? "")) continue;
        const before = requestsOf.get(key ?? "") ?? 0;
        requestsOf.set(key ?? "", before + requests);
        series.push({ startMs: atMs, key, ...summary(requests, errors) });
      }
    }
    return Promise.resolve({
      fromMs,
      toMs,
      bucket,
      timeZone,
      totals: { ...summary(0, 0), activeUsers: 0 },
      groups: [...requestsOf].map(([key, requests]) => ({
        key,
        ...summary(requests, 0),
      })),
      series,
      asOfMs: toMs,
    });
  }
}

function summary(requests: number, errors: number) {
  const none = { n: 0, p50: null, p95: null, p99: null };
  return {
    requests,
    errors,
    inputTokens: requests * TOKENS_A_REQUEST / 3,
    cachedInputTokens: 0,
    outputTokens: requests * TOKENS_A_REQUEST * 2 / 3,
    costMicroUsd: requests * MICRO_USD_A_REQUEST,
    unpricedRequests: 0,
    estimatedRequests: 0,
    cacheHits: 0,
    joined: 0,
    savedMicroUsd: 0,
    ttftMs: none,
    tokensPerSecond: none,
    totalMs: none,
    overheadMs: none,
  };
}
