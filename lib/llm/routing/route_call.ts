/** One answer asked for along a plan: which targets have been tried, and what is left. */
import { type Clock, sleep } from "@/lib/clock.ts";
import { ProviderError } from "@/lib/errors.ts";
import type { TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import {
  isWorthRetrying,
  MAX_RETRY_AFTER_MS,
  waitBefore,
} from "@/lib/llm/retry.ts";
import type { Delta } from "@/lib/llm/types.ts";
import { Attempt, type AttemptInfo } from "./attempt.ts";
import { type Candidate, Candidates } from "./candidates.ts";
import type { ReleaseSlot } from "./connection_slots.ts";
import { RouteStream } from "./route_stream.ts";
import type { Target, TargetName, TryOptions } from "./target.ts";
import { unavailable } from "./unavailable.ts";
import { mayFailOver } from "./verdict.ts";

export interface CallParts<T> {
  /** The targets in the order in which they are asked. */
  order: () => Target[];
  /** Asks a target; ends what it has opened by the signal, or by `return`. */
  ask: (
    target: Target,
    signal: AbortSignal,
    options: TryOptions & { timeoutsMs: TimeoutsMs },
  ) => AsyncIterator<T, undefined>;
  /** Attempts after the first at each target. */
  retries: number;
  timeoutsMs: TimeoutsMs;
  clock: Clock;
  random: () => number;
  onAttempt?: (attempt: Readonly<AttemptInfo>) => void;
}

/** Told of the target that is being asked, before its first delta. */
export type TellServed = (served: TargetName) => void;

/** Those who waited for a target to cool down do not all come back in the same moment. */
const MAX_SPREAD_MS = 1000;

export class RouteCall<T = Delta> {
  /** All tries so far, oldest first. */
  readonly attempts: AttemptInfo[] = [];
  readonly #parts: CallParts<T>;
  readonly #deadlineMs: number;
  #candidates: Candidates | null = null;
  #openings = 0;
  #served: TargetName | null = null;

  constructor(parts: CallParts<T>) {
    this.#parts = parts;
    this.#deadlineMs = parts.clock.monotonic() + parts.timeoutsMs.total;
  }

  /** Who has been asked last, and so answers if anybody does; null before. */
  get served(): TargetName | null {
    return this.#served;
  }

  /**
   * Opens the answer. Until the first delta it tries again and goes from target to target; after it the
   * stream is that target's, and its error ends it. `return` and the signal close what is open.
   * @param tell told of each target that is asked, so the last one told of answers
   * @throws {ProviderError} (from `next`) of the target that was asked last; 502 `provider_unavailable` or
   *   429 `provider_rate_limited` when none may be asked, 503 `overloaded` when too many requests wait for
   *   a connection
   */
  open(
    signal: AbortSignal,
    tell?: TellServed,
  ): AsyncIterableIterator<T, undefined> {
    this.#openings += 1;
    return new RouteStream(this, signal, tell);
  }

  /**
   * Whether an answer that broke off after its first delta can be begun anew by another target. If so,
   * `open` asks that one: the text so far is to be dropped.
   * @param error what broke it
   * @param served who gave the broken part, if another call of the same flight did
   */
  restart(error: unknown, served: TargetName | null = this.served): boolean {
    if (!mayFailOver(error) || this.#remainingMs() <= 0) return false;
    return this.#ordered().exclude(served, error);
  }

  /** The next target to ask, without waiting; null when one must be waited for, or none is left. */
  ready(): Candidate | null {
    return this.#ordered().next();
  }

  /**
   * Waits for a target that limits the rate, when it is the only one left and does not take too long.
   * @throws {ProviderError} when there is nothing to wait for
   */
  async cooled(signal: AbortSignal): Promise<void> {
    const { random } = this.#parts;
    const candidates = this.#ordered();
    const waitMs = candidates.coolingMs();
    const isBearable = waitMs <= MAX_RETRY_AFTER_MS &&
      waitMs < this.#remainingMs();
    if (!isBearable) {
      throw candidates.lastError ?? unavailable(candidates.targets);
    }
    const spreadMs = random() * Math.min(waitMs, MAX_SPREAD_MS);
    await this.pause(waitMs + spreadMs, signal);
  }

  /** @throws the signal's reason when it aborts */
  async pause(ms: number, signal: AbortSignal): Promise<void> {
    await sleep(this.#parts.clock, ms, signal);
    signal.throwIfAborted();
  }

  /** A slot if one is free. */
  trySlot({ target }: Candidate): ReleaseSlot | null {
    return target.upstream.slots.tryTake();
  }

  /**
   * Waits for a slot; null when there is none for us and another target is to be asked.
   * @throws {ProviderError} when no other is left
   */
  async slot(
    candidate: Candidate,
    signal: AbortSignal,
  ): Promise<ReleaseSlot | null> {
    const waitMs = Math.min(
      this.#parts.timeoutsMs.firstToken,
      this.#remainingMs(),
    );
    try {
      return await candidate.target.upstream.slots.take(signal, waitMs);
    } catch (error) {
      if (signal.aborted || !(error instanceof ProviderError)) throw error;
      this.#ordered().spend(candidate, error);
      return null;
    }
  }

  /** Asks a target; null when its breaker has opened meanwhile. Gives the slot back in any case. */
  attempt(
    candidate: Candidate,
    release: ReleaseSlot,
    signal: AbortSignal,
    tell: TellServed | undefined,
  ): Attempt<T> | null {
    const { ask, timeoutsMs, clock, onAttempt } = this.#parts;
    const { target } = candidate;
    const remainingMs = this.#remainingMs();
    const permit = remainingMs > 0 ? target.breaker.acquire() : null;
    if (permit === null) {
      release();
      if (remainingMs > 0) return null;
      throw this.#ordered().lastError ?? this.#timedOut(target);
    }
    this.#served = target.name;
    tell?.(target.name);
    const limitsMs = { ...timeoutsMs, total: remainingMs };
    const attempt = new Attempt({
      target,
      ask: (onConnect) =>
        ask(target, signal, { timeoutsMs: limitsMs, onConnect }),
      permit,
      release,
      signal,
      clock,
      opening: this.#openings,
      onAttempt,
    });
    this.attempts.push(attempt.info);
    return attempt;
  }

  /**
   * Takes note of a try that failed before its first delta.
   * @returns milliseconds to wait before the next try
   * @throws the error when there is no next try
   */
  failed(candidate: Candidate, error: unknown): number {
    if (!mayFailOver(error)) throw error;
    const { retries, random } = this.#parts;
    const candidates = this.#ordered();
    const isLimited = error.status === 429;
    if (isLimited) candidate.target.coolDown(error.retryAfterMs ?? 0);
    candidate.failures += 1;
    const waitMs = candidate.failures <= retries && isWorthRetrying(error)
      ? waitBefore(candidate.failures, error, random)
      : null;
    if (waitMs === null || waitMs >= this.#remainingMs()) {
      candidates.spend(candidate, error);
      return 0;
    }
    candidates.lastError = error;
    // Whoever limits the rate is asked again only after the others.
    if (isLimited && candidates.putBack(candidate)) return 0;
    return waitMs;
  }

  /** In the order that is best when the first one is asked. */
  #ordered(): Candidates {
    return this.#candidates ??= new Candidates(this.#parts.order());
  }

  #remainingMs(): number {
    return this.#deadlineMs - this.#parts.clock.monotonic();
  }

  #timedOut(target: Target): ProviderError {
    const failures = new ProviderFailures(target.name.provider, null);
    return failures.timeout("total", this.#parts.timeoutsMs.total);
  }
}
