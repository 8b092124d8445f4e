/**
 * Looks at all rules again and again, in one process of a store at a time: the one whose incarnation has
 * the lease. Another one takes it once that incarnation is fenced, as the runs of a dead process are taken
 * over; a process that was frozen meanwhile writes nothing any more, since each write checks its fence.
 */
import { sleep } from "@/lib/clock.ts";
import type { AlertRuleSettings } from "@/lib/config/alerts.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { ALERT_METRICS, metricOf } from "@/lib/shared/alert_metrics.ts";
import { lookAtAll, type MeasuredRule, placeName } from "./alert_look.ts";
import { AlertMeasures } from "./alert_measures.ts";
import {
  type AlertRecord,
  type AlertSettingsRecord,
  SERVER_SCOPE,
} from "./alert_record.ts";
import { type AlertRule, durationMs, effectiveAlerts } from "./alert_rules.ts";
import type { AlertSettingsStore } from "./alert_settings_store.ts";
import type { AlertChange, AlertLease, AlertStore } from "./alert_store.ts";
import {
  type GaugeAcross,
  GaugeWindows,
  type ProcessGauges,
} from "./gauge_windows.ts";
import { type FoundTarget, ProviderFindings } from "./provider_findings.ts";
import type { ToldSignalStore } from "./told_signal_store.ts";
import type { UsageMeasure } from "./usage_measure.ts";

/** A process of the server that is up, and how it does. */
export interface FoundProcess extends ProcessGauges {
  targets: readonly FoundTarget[];
}

/** The processes of the server that are up. */
export interface ProcessSource {
  read(signal: AbortSignal): Promise<readonly FoundProcess[]>;
  across(gauge: string): GaugeAcross;
}

export interface AlertEvaluatorParts {
  store: AlertStore;
  settings: Pick<AlertSettingsStore, "all" | "row">;
  told: Pick<ToldSignalStore, "all">;
  /** The incarnation that counts now. */
  own: () => string;
  configured: readonly AlertRuleSettings[];
  usage: Pick<UsageMeasure, "totals">;
  processes: ProcessSource;
  log: Logger;
}

/** How often is looked, in milliseconds: by the shortest rule, within these bounds. */
const SHORTEST_LOOK_MS = 1_000;
const LONGEST_LOOK_MS = 10_000;
/** How often a process that is not the one to look asks whether it is now, in milliseconds. */
const FOLLOW_MS = 4_000;
/** Looks within the time that a rule takes to fire. */
const LOOKS_PER_RULE = 6;
/** A time between two looks counts as so many usual ones at most. */
const LONGEST_STEP = 3;
/** How often the figures of an alert are stored while nothing else of it changes, in milliseconds. */
const REFRESH_MS = 30_000;
/** Rules that are measured at the same time. */
const AT_ONCE = 8;
/** How long one look may take, in milliseconds. */
const LOOK_DEADLINE_MS = 30_000;

export class AlertEvaluator {
  readonly #parts: AlertEvaluatorParts;
  readonly #windows = new GaugeWindows();
  readonly #providers = new ProviderFindings();
  readonly #closed = new AbortController();
  /** What the store has of alerts, while the lease is ours. */
  #alerts = new Map<string, AlertRecord>();
  #storedAtMs = new Map<string, number>();
  #lease: AlertLease | null = null;
  #everyMs = SHORTEST_LOOK_MS;
  #isFailing = false;
  #loop: Promise<void> = Promise.resolve();
  #looking: Promise<unknown> = Promise.resolve();

  constructor(parts: AlertEvaluatorParts) {
    this.#parts = parts;
  }

  /** Whether this process is the one that looks. */
  get isHolder(): boolean {
    return this.#lease !== null;
  }

  start(): void {
    if (this.#parts.store.isReadOnly) return;
    this.#loop = this.#run();
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#loop;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    const { store, log } = this.#parts;
    while (!signal.aborted) {
      await sleep(store.clock, this.#everyMs, signal);
      if (signal.aborted) return;
      try {
        await this.look(
          AbortSignal.any([signal, AbortSignal.timeout(LOOK_DEADLINE_MS)]),
        );
        this.#isFailing = false;
      } catch (error) {
        // A store that does not answer says so elsewhere; once is enough here.
        if (!signal.aborted && !this.#isFailing) {
          log.warn("Alerts could not be looked at and will be again", {
            error,
          });
        }
        this.#isFailing = true;
      }
    }
  }

  /**
   * Looks once, after the look that is under way.
   * @returns whether this process was the one to look
   * @throws {StorageError} when the store does not answer; what was not stored is looked at again
   */
  async look(signal: AbortSignal): Promise<boolean> {
    const look = this.#looking.then(() => this.#look(signal));
    this.#looking = look.catch(() => {});
    return await look;
  }

  async #look(signal: AbortSignal): Promise<boolean> {
    const { store, own, processes } = this.#parts;
    const before = this.#lease;
    const lease = await store.lease(own(), signal);
    if (lease === null) {
      this.#everyMs = FOLLOW_MS;
      this.#drop();
      return false;
    }
    if (before?.versionstamp !== lease.versionstamp) {
      // Somebody else has written since, or nobody here has read yet.
      this.#drop();
      for (const record of await store.states(null, signal)) {
        this.#alerts.set(placeName(record.facts), record);
      }
    }
    this.#lease = lease;
    const nowMs = store.clock.now();
    const [up, workspaces, settings] = await Promise.all([
      processes.read(signal),
      store.workspaces(signal),
      this.#parts.settings.all(signal),
    ]);
    const alive = new Set([SERVER_SCOPE, ...workspaces]);
    const told = await this.#parts.told.all(alive, nowMs, signal);
    const monotonicMs = store.clock.monotonic();
    this.#windows.add(
      up,
      (gauge) => processes.across(gauge),
      badOf,
      monotonicMs,
    );
    const signals = [
      ...told.signals,
      ...this.#providers.find(
        up.flatMap(({ targets }) => targets),
        monotonicMs,
      ),
    ];
    const scopes = this.#scopes(alive, settings, signals);
    const rules = scopes.flatMap((scope) =>
      this.#rulesOf(scope, settings).map((rule) => ({ scope, rule }))
    );
    this.#everyMs = lookEveryMs(rules.map(({ rule }) => rule));
    const measures = new AlertMeasures({
      usage: this.#parts.usage,
      gauges: this.#windows,
      workspaces,
      signals,
      nowMs,
      monotonicMs,
    });
    const changes = lookAtAll(this.#alerts, {
      rules: await this.#measure(rules, measures, signal),
      silences: (scope) => settings.get(scope)?.silences ?? [],
      nowMs,
      longestStepMs: LONGEST_STEP * this.#everyMs,
    });
    const gone = [...settings.keys()].filter((scope) => !alive.has(scope))
      .map((scope) => this.#parts.settings.row(scope));
    await this.#store(
      // Of a workspace that was deleted nobody is told anything.
      changes.map((change) =>
        alive.has(change.place.scope)
          ? change
          : { ...change, ended: null, event: null }
      ),
      [...told.stale, ...gone],
      signal,
    );
    return true;
  }

  /** The server, and the workspaces of which there is something to look at. */
  #scopes(
    alive: ReadonlySet<string>,
    settings: ReadonlyMap<string, AlertSettingsRecord>,
    signals: readonly { scope: string }[],
  ): string[] {
    const named = new Set([
      SERVER_SCOPE,
      ...settings.keys(),
      ...signals.map(({ scope }) => scope),
      ...[...this.#alerts.values()].map(({ facts }) => facts.scope),
    ]);
    return [...named].filter((scope) => alive.has(scope));
  }

  #rulesOf(
    scope: string,
    settings: ReadonlyMap<string, AlertSettingsRecord>,
  ): AlertRule[] {
    return effectiveAlerts(
      scope === SERVER_SCOPE ? "server" : "workspace",
      this.#parts.configured,
      settings.get(scope)?.rules ?? [],
    ).filter(({ enabled }) => enabled);
  }

  /** What cannot be read leaves its rules as they are, and the others are looked at all the same. */
  async #measure(
    rules: readonly { scope: string; rule: AlertRule }[],
    measures: AlertMeasures,
    signal: AbortSignal,
  ): Promise<MeasuredRule[]> {
    const measured: MeasuredRule[] = [];
    const waiting = [...rules].reverse();
    const work = async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const { scope, rule } = next;
        const found = await measures.of(scope, rule, signal).catch((error) => {
          signal.throwIfAborted();
          this.#parts.log.warn("An alert could not be measured", {
            rule: rule.id,
            scope,
            error,
          });
          return null;
        });
        measured.push({ scope, rule, measured: found });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
    return measured;
  }

  /** What was stored counts; what was not is looked at again as if this look had not been. */
  async #store(
    changes: readonly AlertChange[],
    stale: readonly Deno.KvKey[],
    signal: AbortSignal,
  ): Promise<void> {
    const { store } = this.#parts;
    const nowMs = store.clock.monotonic();
    const due: AlertChange[] = [];
    for (const change of changes) {
      if (this.#isNews(change, nowMs)) due.push(change);
      else this.#alerts.set(placeName(change.place), change.record!);
    }
    let lease = await store.change(this.#lease!, due, (written) => {
      for (const { place, record } of written) {
        const name = placeName(place);
        if (record === null) {
          this.#alerts.delete(name);
          this.#storedAtMs.delete(name);
        } else {
          this.#alerts.set(name, record);
          this.#storedAtMs.set(name, nowMs);
        }
      }
    }, signal);
    if (lease !== null) lease = await store.tidy(lease, stale, signal);
    if (lease === null) this.#drop();
    else this.#lease = lease;
  }

  /** Whether a change has to be stored now: it is more than other figures, or these are old. */
  #isNews({ place, record, event }: AlertChange, nowMs: number): boolean {
    const name = placeName(place);
    const there = this.#alerts.get(name);
    if (record === null || event !== null || there === undefined) return true;
    if (record.state.phase !== there.state.phase) return true;
    return nowMs - (this.#storedAtMs.get(name) ?? -Infinity) >= REFRESH_MS;
  }

  #drop(): void {
    this.#lease = null;
    this.#alerts = new Map();
    this.#storedAtMs = new Map();
  }
}

/** Which side of a gauge is bad when several processes have one. */
function badOf(gauge: string): "above" | "below" {
  return Object.hasOwn(ALERT_METRICS, gauge)
    ? metricOf(gauge as keyof typeof ALERT_METRICS).bad
    : "above";
}

/** How often to look, so that the shortest rule fires in time. */
export function lookEveryMs(rules: readonly AlertRule[]): number {
  const shortest = rules
    .filter(({ metric }) => metricOf(metric).source !== "signal")
    .map((rule) => durationMs(rule.window) + durationMs(rule.for));
  const everyMs = Math.min(...shortest, LONGEST_LOOK_MS * LOOKS_PER_RULE) /
    LOOKS_PER_RULE;
  return Math.min(Math.max(everyMs, SHORTEST_LOOK_MS), LONGEST_LOOK_MS);
}
