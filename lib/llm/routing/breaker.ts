/**
 * Leaves a target alone that keeps failing, and lets one request at a time find out whether it is back
 * (https://learn.microsoft.com/azure/architecture/patterns/circuit-breaker).
 */
import type { BreakerSettings } from "@/lib/config/routes.ts";
import { SlidingCounts } from "./sliding_counts.ts";

/**
 * closed: every request passes · open: none does · half-open: one at a time does, and what becomes of it
 * decides.
 */
export type BreakerState = "closed" | "open" | "half-open";

/**
 * Among many answers a few failures are no outage: it opens only when the failures are this share of all
 * that ended in the window.
 */
const LEAST_FAILURE_SHARE = 0.1;

/** Leave to send one request. What becomes of it is told here; only the first verdict counts. */
export interface Permit {
  /** The target is alive: it has begun to answer, or it has refused this one request. */
  answered(): void;
  /** The answer came whole. */
  completed(): void;
  /** The target failed, also after it had begun to answer. */
  failed(): void;
  /** Nothing can be said about the target: the request was called off. */
  released(): void;
}

export class Breaker {
  private readonly outcomes: SlidingCounts<"completed" | "failed">;
  /** When it opened, by the clock that never goes back; null while it is closed. */
  private openedAtMs: number | null = null;
  /** Changes with the state, so that what began before a change says nothing about what is now. */
  private generation = 0;
  private isProbing = false;

  /**
   * @param now milliseconds that never go back
   * @param onChange told of every state that somebody meets: `half-open` when a request may try again
   */
  constructor(
    private readonly settings: BreakerSettings,
    private readonly now: () => number,
    private readonly onChange: (state: BreakerState) => void = () => {},
  ) {
    this.outcomes = new SlidingCounts(
      ["completed", "failed"],
      settings.windowMs,
    );
  }

  get state(): BreakerState {
    if (this.openedAtMs === null) return "closed";
    return this.waitMs() > 0 ? "open" : "half-open";
  }

  /** Failures that count now; none while it is not closed. */
  get failures(): number {
    return this.outcomes.sum("failed", this.now());
  }

  /** Milliseconds since it opened, or null while it is closed. */
  get openForMs(): number | null {
    return this.openedAtMs === null ? null : this.now() - this.openedAtMs;
  }

  /** Whether a request would get leave now. */
  get isPassable(): boolean {
    return this.state === "closed" ||
      (this.state === "half-open" && !this.isProbing);
  }

  /** How long until it may let a request pass, in milliseconds; 0 when it may now. */
  waitMs(): number {
    if (this.openedAtMs === null) return 0;
    return Math.max(0, this.openedAtMs + this.settings.openMs - this.now());
  }

  /** Leave to send one request, or null while none may pass. */
  acquire(): Permit | null {
    if (!this.isPassable) return null;
    const isProbe = this.openedAtMs !== null;
    if (isProbe) {
      this.isProbing = true;
      this.onChange("half-open");
    }
    return this.permit(isProbe);
  }

  private permit(isProbe: boolean): Permit {
    let generation = this.generation;
    let isOver = false;
    let isPending = isProbe;
    const conclude = (verdict: (() => void) | null) => {
      if (isOver) return;
      isOver = true;
      if (generation !== this.generation) return;
      if (isPending) this.isProbing = false;
      verdict?.();
    };
    const close = () => {
      if (!isPending || generation !== this.generation) return;
      isPending = false;
      this.close();
      generation = this.generation;
    };
    return {
      answered: () => {
        if (!isOver) close();
      },
      completed: () => {
        if (!isOver) close();
        conclude(() => this.outcomes.add("completed", this.now()));
      },
      failed: () => conclude(() => isPending ? this.open() : this.count()),
      released: () => conclude(null),
    };
  }

  private count(): void {
    const now = this.now();
    this.outcomes.add("failed", now);
    const failed = this.outcomes.sum("failed", now);
    const all = failed + this.outcomes.sum("completed", now);
    if (
      failed >= this.settings.failures && failed >= all * LEAST_FAILURE_SHARE
    ) this.open();
  }

  private open(): void {
    this.change(this.now());
  }

  private close(): void {
    this.change(null);
  }

  private change(openedAtMs: number | null): void {
    this.openedAtMs = openedAtMs;
    this.generation += 1;
    this.isProbing = false;
    this.outcomes.clear();
    this.onChange(openedAtMs === null ? "closed" : "open");
  }
}
