/** Sweeps deleted threads out of the store, in the background of the process. */
import type { Logger } from "@/lib/observe/log.ts";
import type { StopRun } from "./thread_edits.ts";
import type { DuePurge, ThreadPurgeStore } from "./thread_purge_store.ts";

/** How often is looked for threads to purge, in milliseconds. */
const SWEEP_EVERY_MS = 10_000;

export class ThreadPurge {
  readonly #store: ThreadPurgeStore;
  readonly #stopRun: StopRun;
  readonly #log: Logger;
  readonly #closed = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sweeping: Promise<number> | null = null;

  constructor(store: ThreadPurgeStore, stopRun: StopRun, log: Logger) {
    this.#store = store;
    this.#stopRun = stopRun;
    this.#log = log;
  }

  /** Sweeps now and from now on. */
  start(): void {
    const sweepAndWait = async () => {
      try {
        await this.sweep();
      } catch (error) {
        if (!this.#closed.signal.aborted) {
          this.#log.warn("Deleted threads could not be purged", { error });
        }
      }
      if (this.#closed.signal.aborted) return;
      this.#timer = setTimeout(sweepAndWait, SWEEP_EVERY_MS);
    };
    void sweepAndWait();
  }

  /**
   * Purges what is due. What another process is at, or where an answer is still being written, is left
   * for the next sweep.
   * @param nowMs time to take for now, milliseconds since 1970 UTC
   * @returns how many threads were purged
   */
  async sweep(nowMs = this.#store.now()): Promise<number> {
    while (this.#sweeping !== null) await this.#sweeping.catch(() => {});
    this.#sweeping = this.#sweep(nowMs);
    try {
      return await this.#sweeping;
    } finally {
      this.#sweeping = null;
    }
  }

  /** Ends the sweeping; resolves when nothing of it is going on any more. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#timer);
    await this.#sweeping?.catch(() => {});
  }

  async #sweep(nowMs: number): Promise<number> {
    let purged = 0;
    for await (const due of this.#store.due(nowMs, this.#closed.signal)) {
      if (this.#closed.signal.aborted) break;
      if (await this.#purge(due)) purged += 1;
    }
    return purged;
  }

  /** One thread that cannot be purged does not keep the others. */
  async #purge(due: DuePurge): Promise<boolean> {
    try {
      const outcome = await this.#store.purge(due, this.#closed.signal);
      if (outcome.state === "answering") {
        await this.#stop(due.space, outcome.runId);
      }
      return outcome.state === "purged";
    } catch (error) {
      if (this.#closed.signal.aborted) return false;
      this.#log.warn("Deleted thread could not be purged", {
        thread: due.thread,
        error,
      });
      return false;
    }
  }

  /** Waits for the end of a run that is stopped, but not when the process ends. */
  async #stop(space: string, runId: string): Promise<void> {
    const { signal } = this.#closed;
    const closed = Promise.withResolvers<void>();
    const end = () => closed.resolve();
    signal.addEventListener("abort", end);
    try {
      const stopped = this.#stopRun(space, runId);
      // What becomes of it after the process was told to end is nobody's business here.
      stopped.catch(() => {});
      await Promise.race([stopped, closed.promise]);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }
}
