/** The runs that this process knows from memory: those it owns, and for a while those that have ended. */
import type { Clock } from "@/lib/clock.ts";
import { Fanout } from "./fanout.ts";
import { LiveRun } from "./live_run.ts";

/** How long an ended run stays in memory for followers that come late, in milliseconds. */
const LINGER_MS = 60_000;

export class Hub {
  /** Wakes the followers of all runs of this process. */
  readonly fanout = new Fanout();
  readonly #runs = new Map<string, LiveRun>();
  readonly #after: Clock["after"];
  readonly #timers = new Map<string, () => void>();

  /** @param after calls back once; the process does not stay for it */
  constructor(after: Clock["after"] = afterUnlessEnded) {
    this.#after = after;
  }

  /** A run that this process owns from now on. */
  open(runId: string, epoch: number): LiveRun {
    const run = new LiveRun(runId, epoch, this.fanout);
    this.#timers.get(runId)?.();
    this.#timers.delete(runId);
    this.#runs.set(runId, run);
    return run;
  }

  get(runId: string): LiveRun | undefined {
    return this.#runs.get(runId);
  }

  /** Runs that have not ended. */
  active(): LiveRun[] {
    return [...this.#runs.values()].filter((run) => !run.closed);
  }

  /** Forgets an ended run after a while; the store has it. */
  release(runId: string): void {
    const cancel = this.#after(LINGER_MS, () => this.forget(runId));
    this.#timers.set(runId, cancel);
  }

  /** Forgets a run at once. */
  forget(runId: string): void {
    this.#timers.get(runId)?.();
    this.#timers.delete(runId);
    this.#runs.delete(runId);
  }

  /** Forgets every ended run, as a process does that has just started. */
  clear(): void {
    for (const [runId, run] of [...this.#runs]) {
      if (run.closed) this.forget(runId);
    }
  }
}

/** A timer for which the process does not stay. */
function afterUnlessEnded(delayMs: number, callback: () => void): () => void {
  const timer = setTimeout(callback, delayMs);
  Deno.unrefTimer(timer);
  return () => clearTimeout(timer);
}
