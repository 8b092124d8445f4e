/** How long turns of the event loop take: while one lasts, nobody else gets an answer. */
import type { Logger } from "./log.ts";
import type { Distribution, Metrics } from "./metrics.ts";
import type { RequestTrace } from "./request_trace.ts";
import { rounded } from "./stages.ts";

/** How often to look, in milliseconds. */
const EVERY_MS = 20;
/** A turn that takes longer is told of, in milliseconds. */
const LONG_TURN_MS = 50;
/** Requests that a line about a long turn names. */
const NAMED_REQUESTS = 5;

const LAG_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

export interface LoopLagParts {
  metrics: Metrics;
  log: Logger;
  /** Requests that are going on. */
  open: () => Iterable<RequestTrace>;
  /** Told of each look: how much later than due it came, in milliseconds. */
  onLook?: (lagMs: number) => void;
  /** Milliseconds that only grow. */
  now?: () => number;
}

export class LoopLag {
  readonly #histogram: Distribution;
  readonly #log: Logger;
  readonly #open: () => Iterable<RequestTrace>;
  readonly #onLook: (lagMs: number) => void;
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;
  #dueAtMs = 0;
  /** Whether a long turn is worth a warning: in development it is, for it shows what to mend. */
  warns = false;

  constructor({ metrics, log, open, onLook, now }: LoopLagParts) {
    this.#log = log;
    this.#open = open;
    this.#onLook = onLook ?? (() => {});
    this.#now = now ?? (() => performance.now());
    this.#histogram = metrics.histogram(
      "event_loop_lag_seconds",
      "How much later than due a timer of 20 ms came",
      LAG_SECONDS,
    ).of();
  }

  /** Looks from now on; the process does not stay for it. */
  start(): void {
    this.#dueAtMs = this.#now() + EVERY_MS;
    this.#timer = setInterval(() => this.look(), EVERY_MS);
    Deno.unrefTimer(this.#timer);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** One look; called by the timer. */
  look(): void {
    const now = this.#now();
    const lagMs = Math.max(now - this.#dueAtMs, 0);
    this.#dueAtMs = now + EVERY_MS;
    this.#histogram.observe(lagMs / 1_000);
    this.#onLook(lagMs);
    if (lagMs > LONG_TURN_MS) this.#tell(lagMs);
  }

  #tell(lagMs: number): void {
    const requests: Record<string, unknown>[] = [];
    for (const { id, run, stages } of this.#open()) {
      if (requests.length === NAMED_REQUESTS) break;
      requests.push({ request: id, run, stage: stages.current?.name ?? null });
    }
    this.#log[this.warns ? "warn" : "debug"](
      "A turn of the event loop took long",
      { durationMs: rounded(lagMs), requests },
    );
  }
}
