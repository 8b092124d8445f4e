/** The runs that this process knows from memory: those it owns, and for a while those that have ended. */
import { Fanout } from "./fanout.ts";
import { LiveRun } from "./live_run.ts";

/** How long an ended run stays in memory for followers that come late, in milliseconds. */
const LINGER_MS = 60_000;

export class Hub {
  /** Wakes the followers of all runs of this process. */
  readonly fanout = new Fanout();
  readonly #runs = new Map<string, LiveRun>();
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** A run that this process owns from now on. */
  open(runId: string, epoch: number): LiveRun {
    const run = new LiveRun(runId, epoch, this.fanout);
    clearTimeout(this.#timers.get(runId));
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
    const timer = setTimeout(() => this.forget(runId), LINGER_MS);
    Deno.unrefTimer(timer);
    this.#timers.set(runId, timer);
  }

  /** Forgets a run at once. */
  forget(runId: string): void {
    clearTimeout(this.#timers.get(runId));
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
