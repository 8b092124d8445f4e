/** What the rules of one look are about, each thing read once however many rules ask for it. */
import { metricOf } from "@/lib/shared/alert_metrics.ts";
import { SERVER_SCOPE, type Signal } from "./alert_record.ts";
import { type AlertRule, durationMs } from "./alert_rules.ts";
import type { GaugeWindows } from "./gauge_windows.ts";
import {
  type UsageMeasure,
  usageValue,
  type WorkspaceTotals,
} from "./usage_measure.ts";

/** One of the things that a rule stands for, as it is now. */
export interface Measured {
  /** "": the rule stands for one. */
  series: string;
  /** What the series is, in words. */
  name: string | null;
  /** Null: not known. */
  value: number | null;
  detail: string | null;
}

export interface AlertMeasuresParts {
  usage: Pick<UsageMeasure, "totals">;
  gauges: Pick<GaugeWindows, "read">;
  workspaces: readonly string[];
  signals: readonly Signal[];
  /** Milliseconds since 1970 UTC. */
  nowMs: number;
  /** Milliseconds that only grow. */
  monotonicMs: number;
}

/** Series of one rule, at most. */
const MOST_SERIES = 100;

export class AlertMeasures {
  readonly #parts: AlertMeasuresParts;
  readonly #totals = new Map<string, Promise<WorkspaceTotals>>();

  constructor(parts: AlertMeasuresParts) {
    this.#parts = parts;
  }

  /**
   * What a rule is about.
   * @param scope `server`, or the workspace whose rule it is
   * @throws {StorageError} when the store does not answer
   */
  async of(
    scope: string,
    rule: AlertRule,
    signal: AbortSignal,
  ): Promise<Measured[]> {
    switch (metricOf(rule.metric).source) {
      case "usage":
        return [await this.#usage(scope, rule, signal)];
      case "gauge":
        return [this.#gauge(rule)];
      case "signal":
        return this.#signals(scope, rule);
    }
  }

  async #usage(
    scope: string,
    { metric, window, where, minRequests }: AlertRule,
    signal: AbortSignal,
  ): Promise<Measured> {
    const { usage, workspaces, nowMs } = this.#parts;
    const windowMs = durationMs(window);
    const id = JSON.stringify([scope, windowMs, where]);
    let totals = this.#totals.get(id);
    if (totals === undefined) {
      totals = usage.totals({
        workspaces: scope === SERVER_SCOPE ? workspaces : [scope],
        windowMs,
        where,
        nowMs,
      }, signal);
      this.#totals.set(id, totals);
    }
    const found = await totals;
    return {
      series: "",
      name: null,
      value: usageValue(metric, found, minRequests),
      detail: metric === "error_rate"
        ? `${usageValue("errors", found, 1)} of ${
          usageValue("requests", found, 1)
        } answers failed`
        : null,
    };
  }

  #gauge({ metric, window, above }: AlertRule): Measured {
    const { gauges, monotonicMs } = this.#parts;
    const { value, process } = gauges.read(
      metric,
      durationMs(window),
      above === null ? "below" : "above",
      monotonicMs,
    );
    return {
      series: "",
      name: null,
      value,
      detail: process === null ? null : `The process that is worst: ${process}`,
    };
  }

  #signals(scope: string, { metric }: AlertRule): Measured[] {
    const found = new Map<string, Measured>();
    for (const signal of this.#parts.signals) {
      if (signal.scope !== scope || signal.metric !== metric) continue;
      if (found.size === MOST_SERIES) break;
      const { series, name, detail } = signal;
      // Several processes may have found the same.
      found.set(series, { series, name, value: 1, detail });
    }
    return [...found.values()];
  }
}
