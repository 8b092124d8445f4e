/** What rules measure at this moment, for those who look at them: so that a limit can be chosen by it. */
import { metricOf } from "@/lib/shared/alert_metrics.ts";
import type { ProcessSource } from "./alert_evaluator.ts";
import { AlertMeasures } from "./alert_measures.ts";
import { SERVER_SCOPE } from "./alert_record.ts";
import type { AlertRule } from "./alert_rules.ts";
import type { AlertStore } from "./alert_store.ts";
import { GaugeWindows } from "./gauge_windows.ts";
import type { UsageMeasure } from "./usage_measure.ts";

export interface AlertValuesParts {
  store: AlertStore;
  usage: Pick<UsageMeasure, "totals">;
  processes: ProcessSource;
}

/** How long the values may take together, in milliseconds; those that are late are missing. */
const DEADLINE_MS = 500;
/** Of more workspaces the usage of the server is not added up for somebody who looks. */
const MOST_WORKSPACES = 50;

export class AlertValues {
  readonly #parts: AlertValuesParts;

  constructor(parts: AlertValuesParts) {
    this.#parts = parts;
  }

  /** A value for each rule of a scope, in their order; null: there is none, or it is late. */
  async read(
    scope: string,
    rules: readonly AlertRule[],
    signal?: AbortSignal,
  ): Promise<(number | null)[]> {
    const late = AbortSignal.timeout(DEADLINE_MS);
    const ends = signal === undefined ? late : AbortSignal.any([signal, late]);
    const values: (number | null)[] = rules.map(() => null);
    const work = this.#measures(scope, ends).then(async (measures) => {
      await Promise.all(rules.map(async (rule, index) => {
        if (metricOf(rule.metric).source === "signal" || measures === null) {
          return;
        }
        const found = await measures.of(scope, rule, ends).catch(() => []);
        values[index] = found[0]?.value ?? null;
      }));
    });
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    ends.addEventListener("abort", () => resolve(), { once: true });
    // What fails is missing; the page has the rest.
    await Promise.race([work.catch(() => {}), ended]);
    return values;
  }

  async #measures(
    scope: string,
    signal: AbortSignal,
  ): Promise<AlertMeasures | null> {
    const { store, usage, processes } = this.#parts;
    const [up, workspaces] = await Promise.all([
      processes.read(signal),
      scope === SERVER_SCOPE ? store.workspaces(signal) : [scope],
    ]);
    const monotonicMs = store.clock.monotonic();
    const gauges = new GaugeWindows();
    gauges.add(
      up,
      (gauge) => processes.across(gauge),
      () => "above",
      monotonicMs,
    );
    const isMany = workspaces.length > MOST_WORKSPACES;
    return new AlertMeasures({
      usage: isMany
        ? { totals: () => Promise.reject(new Error("Too many workspaces")) }
        : usage,
      gauges,
      workspaces,
      signals: [],
      nowMs: store.clock.now(),
      monotonicMs,
    });
  }
}
