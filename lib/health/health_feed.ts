/** How the server does, for pages and programs; those who ask at the same moment share one look. */
import type { Clock } from "@/lib/clock.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import type { Health } from "@/lib/observe/health.ts";
import type { HealthNow, HealthReport } from "@/lib/shared/wire.ts";
import type { Gauges } from "./gauges.ts";
import type { HealthHistory, MinuteSeries } from "./health_history.ts";
import type { GaugeRule } from "./health_limits.ts";
import { healthNow, type NowParts } from "./health_now.ts";
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

/** What is read at one moment, whoever asks for it. */
type Look = Pick<NowParts, "processes" | "checks" | "nowMs" | "rules">;

export class HealthFeed {
  /** Reads the rules in force by which gauges are watched; null: the default ones hold. */
  rules: ((signal: AbortSignal) => Promise<readonly GaugeRule[]>) | null = null;
  readonly #parts: FeedParts;
  #look: { untilMs: number; found: Promise<Look> } | null = null;

  constructor(parts: FeedParts) {
    this.#parts = parts;
  }

  /**
   * How the server does, at most 2 s ago.
   * @param process whose readings are wanted alone; null: those of all
   * @throws {AppError} 404 `not_found` for a process of which nothing is known
   * @throws {StorageError} when the store cannot be read
   */
  async now(process: string | null = null): Promise<HealthNow> {
    const look = await this.#read();
    if (
      process !== null && look.processes.every(({ id }) => id !== process)
    ) {
      throw notFound("process of the last 24 hours");
    }
    return healthNow({ ...look, gauges: this.#parts.gauges.all, process });
  }

  /** The next look is a new one, however soon it is. */
  forget(): void {
    this.#look = null;
  }

  /** The same with the lines of the last 24 hours. @throws as `now` does */
  async read(
    signal: AbortSignal,
    process: string | null = null,
  ): Promise<HealthView> {
    const { history, gauges } = this.#parts;
    const [now, { series, fromMs }] = await Promise.all([
      this.now(process),
      history.lines(signal),
    ]);
    const points = Object.fromEntries(gauges.all.map((gauge) => {
      const lines = series.get(gauge.id) ?? new Map<string, MinuteSeries>();
      const own = process === null ? undefined : lines.get(process);
      const line = process === null
        ? [...lines.values()]
        : own === undefined
        ? []
        : [own];
      return [gauge.id, lineOf(gauge, line)];
    }));
    return {
      ...now,
      series: {
        from: new Date(fromMs).toISOString(),
        stepSeconds: STEP_MINUTES * 60,
        points,
      },
    };
  }

  #read(): Promise<Look> {
    const { clock, history, health } = this.#parts;
    if (this.#look !== null && clock.monotonic() < this.#look.untilMs) {
      return this.#look.found;
    }
    const signal = AbortSignal.timeout(LOOK_DEADLINE_MS);
    const look = {
      untilMs: clock.monotonic() + FRESH_MS,
      found: Promise.all([
        history.processes(signal),
        health.readiness(),
        this.rules?.(signal),
      ]).then(([processes, { checks }, rules]) => ({
        processes,
        checks,
        rules,
        nowMs: clock.now(),
      })),
    };
    this.#look = look;
    // A look that failed is no look.
    look.found.catch(() => {
      if (this.#look === look) this.#look = null;
    });
    return look.found;
  }
}
