/** How the server does, for pages and programs; those who ask at the same moment share one look. */
import type { Clock } from "@/lib/clock.ts";
import type { Health } from "@/lib/observe/health.ts";
import type { HealthNow, HealthReport } from "@/lib/shared/wire.ts";
import type { Gauges } from "./gauges.ts";
import type { HealthHistory } from "./health_history.ts";
import type { GaugeRule } from "./health_limits.ts";
import { healthNow } from "./health_now.ts";
import { lineOf, STEP_MINUTES } from "./health_series.ts";

export interface FeedParts {
  gauges: Gauges;
  history: HealthHistory;
  health: Pick<Health, "readiness">;
  clock: Clock;
}

/** A look counts for so long, in milliseconds. */
const FRESH_MS = 2_000;
/** How long a look may take, in milliseconds. */
const LOOK_DEADLINE_MS = 10_000;

/** How the server does and has done. */
export type HealthView = Pick<HealthReport, keyof HealthNow | "series">;

export class HealthFeed {
  /** Reads the rules in force by which gauges are watched; null: the default ones hold. */
  rules: ((signal: AbortSignal) => Promise<readonly GaugeRule[]>) | null = null;
  readonly #parts: FeedParts;
  #look: { untilMs: number; now: Promise<HealthNow> } | null = null;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /**
   * How the server does, at most 2 s ago.
   * @throws {StorageError} when the store cannot be read
   */
  now(): Promise<HealthNow> {
    const { clock, history, health, gauges } = this.#parts;
    if (this.#look !== null && clock.monotonic() < this.#look.untilMs) {
      return this.#look.now;
    }
    const signal = AbortSignal.timeout(LOOK_DEADLINE_MS);
    const look = {
      untilMs: clock.monotonic() + FRESH_MS,
      now: Promise.all([
        history.processes(signal),
        health.readiness(),
        this.rules?.(signal),
      ]).then(([processes, { checks }, rules]) =>
        healthNow({
          gauges: gauges.all,
          processes,
          checks,
          nowMs: clock.now(),
          rules,
        })
      ),
    };
    this.#look = look;
    // A look that failed is no look.
    look.now.catch(() => {
      if (this.#look === look) this.#look = null;
    });
    return look.now;
  }

  /** The next look is a new one, however soon it is. */
  forget(): void {
    this.#look = null;
  }

  /** The same with the lines of the last 24 hours. @throws as `now` does */
  async read(signal: AbortSignal): Promise<HealthView> {
    const { history, gauges } = this.#parts;
    const [now, { series, fromMs }] = await Promise.all([
      this.now(),
      history.read(signal),
    ]);
    const points = Object.fromEntries(gauges.all.map((gauge) => [
      gauge.id,
      lineOf(gauge, series.get(gauge.id)?.values() ?? []),
    ]));
    return {
      ...now,
      series: {
        from: new Date(fromMs).toISOString(),
        stepSeconds: STEP_MINUTES * 60,
        points,
      },
    };
  }
}
