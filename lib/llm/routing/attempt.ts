/** One try at one target: its connection, its leave from the breaker, and what became of it. */
import type { Clock } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import type { Permit } from "./breaker.ts";
import type { ReleaseSlot } from "./connection_slots.ts";
import type { Target, TargetName } from "./target.ts";
import { verdictOf } from "./verdict.ts";

/** What became of a try; `cancelled`: nobody wanted it any more. */
export type AttemptOutcome = "running" | "completed" | "failed" | "cancelled";

/** One try, for ledger, log and metrics. */
export interface AttemptInfo extends TargetName {
  /** How many times the answer had been begun when the target was asked, this time included. */
  readonly opening: number;
  /** When the target was asked, milliseconds since 1970 UTC. */
  readonly startedAtMs: number;
  /** From then to the end; null while it runs. */
  durationMs: number | null;
  /** From then to the connection; null before, and where the provider does not tell. */
  connectMs: number | null;
  /** From then to the first delta; null when none came. */
  firstTokenMs: number | null;
  outcome: AttemptOutcome;
  /** Code of the error that ended it, or null. */
  error: string | null;
}

export interface AttemptParts<T> {
  target: Target;
  /** Asks the target. */
  ask: (onConnect: () => void) => AsyncIterator<T, undefined>;
  permit: Permit;
  release: ReleaseSlot;
  signal: AbortSignal;
  clock: Pick<Clock, "now" | "monotonic">;
  opening: number;
  /** Called when it begins, is connected, has its first delta, and has ended. */
  onAttempt?: (attempt: Readonly<AttemptInfo>) => void;
}

/** Slot and leave are given back once, whatever ends it: the end, an error, `return`, or the signal. */
export class Attempt<T> {
  readonly info: AttemptInfo;
  readonly #parts: AttemptParts<T>;
  readonly #startedMs: number;
  readonly #answer: AsyncIterator<T, undefined>;
  #hasBegun = false;
  #isOver = false;

  constructor(parts: AttemptParts<T>) {
    this.#parts = parts;
    const { target, clock, opening, signal } = parts;
    this.#startedMs = clock.monotonic();
    this.info = {
      ...target.name,
      opening,
      startedAtMs: clock.now(),
      durationMs: null,
      connectMs: null,
      firstTokenMs: null,
      outcome: "running",
      error: null,
    };
    target.inFlight += 1;
    signal.addEventListener("abort", this.#onAbort, { once: true });
    parts.onAttempt?.(this.info);
    try {
      this.#answer = parts.ask(() => this.#connected());
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** @throws what the target's stream throws */
  next(): Promise<IteratorResult<T, undefined>> {
    return this.#answer.next().then(this.#onResult, this.#onError);
  }

  /** Nobody wants the rest. */
  async return(): Promise<void> {
    this.#cancel();
    await this.#answer.return?.();
  }

  readonly #onAbort = () => this.#cancel();

  readonly #onResult = (
    result: IteratorResult<T, undefined>,
  ): IteratorResult<T, undefined> => {
    if (!this.#hasBegun) this.#begin();
    if (result.done && !this.#isOver) {
      this.#parts.permit.completed();
      this.#parts.target.ended("answered");
      this.#end("completed", null);
    }
    return result;
  };

  readonly #onError = (error: unknown): never => {
    if (this.#parts.signal.aborted) this.#cancel();
    else if (!this.#isOver) this.#fail(error);
    throw error;
  };

  #connected(): void {
    if (this.#isOver || this.info.connectMs !== null) return;
    const { clock, onAttempt } = this.#parts;
    this.info.connectMs = clock.monotonic() - this.#startedMs;
    onAttempt?.(this.info);
  }

  #begin(): void {
    this.#hasBegun = true;
    if (this.#isOver) return;
    const { target, permit, clock, onAttempt } = this.#parts;
    const firstTokenMs = clock.monotonic() - this.#startedMs;
    this.info.firstTokenMs = firstTokenMs;
    target.latency.record(firstTokenMs);
    permit.answered();
    onAttempt?.(this.info);
  }

  #fail(error: unknown): void {
    const { target, permit } = this.#parts;
    const verdict = verdictOf(error);
    target.ended(verdict === "failed" ? "failed" : "answered");
    if (verdict === "failed") {
      if (!this.#hasBegun) target.slowedByFailure();
      permit.failed();
    } else {
      if (verdict !== "none") permit.answered();
      permit.released();
    }
    this.#end(
      "failed",
      error instanceof AppError ? error.code : "internal_error",
    );
  }

  #cancel(): void {
    if (this.#isOver) return;
    this.#parts.permit.released();
    this.#end("cancelled", null);
  }

  #end(outcome: AttemptOutcome, error: string | null): void {
    const { target, release, signal, clock, onAttempt } = this.#parts;
    this.#isOver = true;
    signal.removeEventListener("abort", this.#onAbort);
    target.inFlight -= 1;
    release();
    this.info.durationMs = clock.monotonic() - this.#startedMs;
    this.info.outcome = outcome;
    this.info.error = error;
    onAttempt?.(this.info);
  }
}
