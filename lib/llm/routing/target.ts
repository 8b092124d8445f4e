/** A model at a provider, and how it has been doing. */
import type { Clock } from "@/lib/clock.ts";
import type { BreakerSettings } from "@/lib/config/routes.ts";
import type { TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import type { ChatRequest, Delta } from "@/lib/llm/types.ts";
import { Breaker, type BreakerState } from "./breaker.ts";
import type { ConnectionSlots } from "./connection_slots.ts";
import { Latency } from "./latency.ts";
import { SlidingCounts } from "./sliding_counts.ts";

/** Who answers. */
export interface TargetName {
  /** Id of the provider. */
  readonly provider: string;
  /** The provider's own name of the model. */
  readonly model: string;
}

/** How one try is made. */
export interface TryOptions {
  /** Deadlines of this try; what is missing is the provider's own. */
  timeoutsMs: Partial<TimeoutsMs>;
  /** Called when a connection is there, new or used before. */
  onConnect: () => void;
}

/** A provider as routes see it: one try at an answer, and its connections. */
export interface Upstream {
  readonly id: string;
  readonly slots: ConnectionSlots;
  /** One try, as `Provider.stream` makes it. */
  stream(
    request: ChatRequest,
    signal: AbortSignal,
    options?: Partial<TryOptions>,
  ): AsyncIterable<Delta>;
}

/** How a target is doing, for pages and metrics. */
export interface TargetState extends TargetName {
  breaker: BreakerState;
  /** Failures within the breaker's window. */
  failures: number;
  /** Milliseconds until it is asked again after it said that it limits the rate; 0: it is asked. */
  coolingMs: number;
  /** Average time to the first token, or null while nothing recent is known. */
  firstTokenMs: number | null;
  /** Tries that ended of late, and those of them that failed for a reason of the provider's. */
  recent: { ended: number; failed: number };
  /** Tries that are under way. */
  inFlight: number;
  /** Connections of the provider, all its models together: in use, and requests that wait for one. */
  connections: { inUse: number; waiting: number };
}

/** However long a provider wants to be left alone, after so long somebody looks. */
const MAX_COOL_DOWN_MS = 60_000;
/** How long an ended try counts as one of late. */
export const RECENT_MS = 10 * 60_000;
/** What a failure counts as in the average time to the first token. */
const FAILURE_MS = 10_000;

export class Target {
  readonly name: TargetName;
  readonly upstream: Upstream;
  readonly breaker: Breaker;
  readonly latency: Latency;
  /** Tries that are under way. */
  inFlight = 0;
  readonly #clock: Pick<Clock, "monotonic">;
  readonly #recent = new SlidingCounts(["answered", "failed"], RECENT_MS);
  #coolUntilMs = -Infinity;

  constructor(
    upstream: Upstream,
    model: string,
    settings: BreakerSettings,
    clock: Pick<Clock, "monotonic">,
    onChange?: (name: TargetName, state: BreakerState) => void,
  ) {
    const now = () => clock.monotonic();
    this.name = { provider: upstream.id, model };
    this.upstream = upstream;
    this.#clock = clock;
    this.latency = new Latency(now);
    this.breaker = new Breaker(
      settings,
      now,
      (state) => onChange?.(this.name, state),
    );
  }

  /** Milliseconds until it may be asked again after it said that it limits the rate; 0 now. */
  get coolingMs(): number {
    return Math.max(0, this.#coolUntilMs - this.#clock.monotonic());
  }

  /** Whether it may be asked now. */
  get isReady(): boolean {
    return this.breaker.isPassable && this.coolingMs === 0;
  }

  /** It limits the rate and wants to be left alone for so long. */
  coolDown(ms: number): void {
    const until = this.#clock.monotonic() + Math.min(ms, MAX_COOL_DOWN_MS);
    this.#coolUntilMs = Math.max(this.#coolUntilMs, until);
  }

  /** It failed before its first token. */
  slowedByFailure(): void {
    this.latency.record(FAILURE_MS);
  }

  /** A try has ended; a refusal of the request itself counts as answered. */
  ended(outcome: "answered" | "failed"): void {
    this.#recent.add(outcome, this.#clock.monotonic());
  }

  get state(): TargetState {
    const { inUse, waiting } = this.upstream.slots;
    const now = this.#clock.monotonic();
    const failed = this.#recent.sum("failed", now);
    return {
      ...this.name,
      breaker: this.breaker.state,
      failures: this.breaker.failures,
      coolingMs: this.coolingMs,
      firstTokenMs: this.latency.averageMs,
      recent: { ended: failed + this.#recent.sum("answered", now), failed },
      inFlight: this.inFlight,
      connections: { inUse, waiting },
    };
  }
}
