/** Learns what is usual in the usage of workspaces, and looks at each new hour by it. */
import { hash } from "node:crypto";
import type { UsageQuery } from "@/lib/usage/usage_query.ts";
import { type Baseline, fitBaseline } from "./baseline.ts";
import type {
  AnomalyRecord,
  AnomalyState,
  BaselineRecord,
  BaselineVersion,
} from "./anomaly_record.ts";
import type {
  AnomalyCursor,
  AnomalyStore,
  LoadedState,
} from "./anomaly_store.ts";
import { detectedEvent } from "./anomaly_event.ts";
import { type Finding, findingsOf, idOf } from "./findings.ts";
import { inSlices } from "./in_slices.ts";
import { ANOMALY_METRICS, type AnomalyMetric } from "./usage_metrics.ts";
import {
  HOUR_MS,
  type HourSpan,
  mostUsed,
  readUsageSeries,
  type UsageSeries,
  type Watched,
} from "./usage_series.ts";

const DAY_MS = 24 * HOUR_MS;

/** What is usual is learnt from the last six weeks. */
const LEARNT_MS = 42 * DAY_MS;
/** And of nothing that is there for less than a week, or hardly used. */
const LEAST_LEARNT_MS = 7 * DAY_MS;
const LEAST_REQUESTS = 50;
/** An hour counts as over so long after its end: usage is told a second late, and clocks differ. */
const SETTLED_MS = 2 * 60_000;
/** Hours before these are not looked at any more when a server has been away. */
const LOOKED_BACK_MS = DAY_MS;
/** So far back is looked for when something came last. */
const SILENCE_MS = 3 * DAY_MS;
/** Something is over when it was as usual for so long. */
const OVER_AFTER_MS = 6 * HOUR_MS;
/** What is told of one look; the furthest from what is usual first. */
const MOST_TOLD = 20;
/** What goes on at the same time, at most, and what else each may be seen in: the store bounds a record. */
const MOST_OPEN = 50;
const MOST_ALSO = 10;
/** Tries when somebody else works on the same workspace. */
const ATTEMPTS = 3;

/** What a look has come to. */
export interface LookResult {
  hours: number;
  found: number;
}

export class UsageAnomalies {
  readonly #store: AnomalyStore;
  readonly #query: Pick<UsageQuery, "ask">;

  constructor(
    { store, query }: { store: AnomalyStore; query: Pick<UsageQuery, "ask"> },
  ) {
    this.#store = store;
    this.#query = query;
  }

  /** All workspaces, by id. */
  async workspaces(signal: AbortSignal): Promise<string[]> {
    return await this.#store.workspaces(signal);
  }

  /** What goes on, what was, and what it was judged by. */
  async list(
    workspace: string,
    before: AnomalyCursor | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ baseline: BaselineVersion | null; items: AnomalyRecord[] }> {
    const [{ state }, items] = await Promise.all([
      this.#store.state(workspace, signal),
      this.#store.anomalies(workspace, before, limit, signal),
    ]);
    return { baseline: state.baseline, items };
  }

  /**
   * Learns what is usual in a workspace, as the next version; null: there is too little to learn from.
   * @throws {Error} when somebody else does the same
   */
  async fit(
    workspace: string,
    signal: AbortSignal,
  ): Promise<BaselineVersion | null> {
    const store = this.#store;
    const toMs = hourOf(store.nowMs - SETTLED_MS);
    const span = { fromMs: toMs - LEARNT_MS, toMs };
    const watched = await mostUsed(this.#query, workspace, span, signal);
    const series = await readUsageSeries(
      this.#query,
      workspace,
      span,
      watched,
      signal,
    );
    const records: BaselineRecord[] = [];
    for (const each of series) {
      const record = await learn(each, span, signal);
      if (record !== null) records.push(record);
    }
    if (records.length === 0) return null;
    const version = await store.lastVersion(workspace, signal) + 1;
    const baseline = {
      version,
      fittedMs: store.nowMs,
      ...span,
      series: records.length,
    };
    if (!await store.addBaselines(workspace, version, records, signal)) {
      throw new Error("What is usual is being learnt by somebody else");
    }
    await this.#change(workspace, signal, (state) => ({
      state: { ...state, baseline },
      changed: [],
      told: [],
    }));
    await store.removeBaselinesBefore(workspace, version, signal);
    return baseline;
  }

  /** Looks at the hours that are over since the last look; null: nothing is known of what is usual. */
  async look(
    workspace: string,
    signal: AbortSignal,
  ): Promise<LookResult | null> {
    const { state } = await this.#store.state(workspace, signal);
    if (state.baseline === null) return null;
    const nowMs = this.#store.nowMs;
    const toMs = hourOf(nowMs - SETTLED_MS);
    const judgeFromMs = Math.max(
      state.scannedMs ?? toMs - HOUR_MS,
      toMs - LOOKED_BACK_MS,
    );
    if (judgeFromMs >= toMs) return { hours: 0, found: 0 };
    const fromMs = judgeFromMs - SILENCE_MS;
    const baselines = await this.#store.baselines(
      workspace,
      state.baseline.version,
      signal,
    );
    const series = await readUsageSeries(
      this.#query,
      workspace,
      { fromMs, toMs },
      watchedBy(baselines),
      signal,
    );
    const hours = (toMs - fromMs) / HOUR_MS;
    const findings = findingsOf(baselines, {
      series,
      fromMs,
      judgeFromMs,
      hours,
    });
    const found = await this.#change(workspace, signal, (current) =>
      // Who was faster has looked at these hours.
      (current.scannedMs ?? 0) >= toMs
        ? null
        : afterLook(current, workspace, findings, toMs, nowMs));
    return { hours: (toMs - judgeFromMs) / HOUR_MS, found: found?.length ?? 0 };
  }

  async #change(
    workspace: string,
    signal: AbortSignal,
    next: (state: AnomalyState) => Change | null,
  ): Promise<AnomalyRecord[] | null> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const loaded: LoadedState = await this.#store.state(workspace, signal);
      const change = next(loaded.state);
      if (change === null) return null;
      const { state, changed, told } = change;
      const isWritten = await this.#store.setState(
        workspace,
        { state, versionstamp: loaded.versionstamp },
        changed,
        told.map((record) => detectedEvent(record, this.#store.nowMs)),
        signal,
      );
      if (isWritten) return told;
    }
    throw new Error("Somebody else changes the same anomalies all the time");
  }
}

/** What a look changes. */
interface Change {
  state: AnomalyState;
  changed: AnomalyRecord[];
  /** Those of which people hear. */
  told: AnomalyRecord[];
}

/** Everything of which is known what is usual. */
function watchedBy(baselines: readonly BaselineRecord[]): Watched {
  const watched: Watched = { key: [], user: [], model: [] };
  for (const { dimension, key } of baselines) {
    if (dimension !== "all") watched[dimension].push(key);
  }
  return watched;
}

async function learn(
  { dimension, key, values }: UsageSeries,
  { fromMs, toMs }: HourSpan,
  signal: AbortSignal,
): Promise<BaselineRecord | null> {
  const first = values.requests.findIndex((value) => value > 0);
  const requests = values.requests.reduce((sum, value) => sum + value, 0);
  const startMs = fromMs + first * HOUR_MS;
  const isEnough = first !== -1 && requests >= LEAST_REQUESTS &&
    toMs - startMs >= LEAST_LEARNT_MS;
  if (!isEnough) return null;
  const metrics: Partial<Record<AnomalyMetric, Baseline>> = {};
  for (const metric of ANOMALY_METRICS) {
    const own = values[metric].subarray(first);
    // What is free, or counts no tokens, has nothing usual about it.
    if (metric !== "errors" && own.every((value) => value === 0)) continue;
    const points = Array.from(own, (value, i) => ({
      atMs: startMs + i * HOUR_MS,
      value,
    }));
    metrics[metric] = await inSlices(fitBaseline(points), signal);
  }
  return { v: 1, dimension, key, metrics };
}

/** What goes on, what is new and what is over after a look up to a time. */
function afterLook(
  state: AnomalyState,
  workspace: string,
  findings: readonly Finding[],
  toMs: number,
  nowMs: number,
): Change {
  const open = new Map(state.open.map((record) => [record.id, record]));
  const changed = new Map<string, AnomalyRecord>();
  const told: AnomalyRecord[] = [];
  const byScore = [...findings].sort((a, b) => b.score - a.score);
  for (const finding of byScore) {
    const known = [...open.values()].find((each) => isSame(each, finding));
    const isFull = told.length >= MOST_TOLD || open.size >= MOST_OPEN;
    if (known === undefined && isFull) continue;
    const record = known === undefined
      ? newRecord(workspace, finding, state.baseline?.version ?? 0, nowMs)
      : goesOn(known, finding);
    if (known === undefined) told.push(record);
    open.set(record.id, record);
    changed.set(record.id, record);
  }
  for (const record of open.values()) {
    if (toMs - (record.lastMs + HOUR_MS) < OVER_AFTER_MS) continue;
    const over = { ...record, endedMs: record.lastMs + HOUR_MS };
    open.delete(record.id);
    changed.set(record.id, over);
  }
  return {
    state: { ...state, scannedMs: toMs, open: [...open.values()] },
    changed: [...changed.values()],
    told,
  };
}

function newRecord(
  workspace: string,
  finding: Finding,
  baseline: number,
  foundMs: number,
): AnomalyRecord {
  const { perHour: _, ...found } = finding;
  const { direction, metric, startMs } = found;
  const name = [workspace, idOf(finding), direction, metric, startMs].join(" ");
  return {
    v: 1,
    id: `anm_${hash("sha256", name, "hex").slice(0, 22)}`,
    ...found,
    also: found.also.slice(0, MOST_ALSO),
    baseline,
    endedMs: null,
    foundMs,
  };
}

/** What was found again, told of its worst hour. */
function goesOn(known: AnomalyRecord, finding: Finding): AnomalyRecord {
  const isWorse = finding.score > known.score &&
    idOf(finding) === idOf(known) && finding.metric === known.metric;
  const { startMs: _, perHour: __, ...worse } = finding;
  const also = new Set([...known.also, idOf(finding), ...finding.also]);
  also.delete(idOf(known));
  return {
    ...known,
    ...(isWorse ? worse : {}),
    lastMs: Math.max(known.lastMs, finding.lastMs),
    also: [...also].slice(0, MOST_ALSO),
  };
}

/** Whether a finding is of something that is known: anything but everything makes them one. */
function isSame(known: AnomalyRecord, finding: Finding): boolean {
  if (known.direction !== finding.direction) return false;
  if (finding.dimension === "all") {
    return known.dimension === "all" || known.also.includes(idOf(finding));
  }
  const ids = new Set([idOf(known), ...known.also]);
  return [idOf(finding), ...finding.also].some((id) =>
    id !== "all:" && ids.has(id)
  );
}

function hourOf(atMs: number): number {
  return atMs - atMs % HOUR_MS;
}
