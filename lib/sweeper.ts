/** Work that is looked for again and again in the background of a process. */
import type { Logger } from "@/lib/observe/log.ts";

export interface SweepOptions {
  /** What it does, for the log: "Old runs could not be removed". */
  failure: string;
  everyMs: number;
  sweep: (signal: AbortSignal) => Promise<unknown>;
  log: Logger;
}

export class Sweeper {
  readonly #options: SweepOptions;
  readonly #closed = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sweeping: Promise<unknown> = Promise.resolve();
  #isSweeping = false;
  #isWantedAgain = false;

  constructor(options: SweepOptions) {
    this.#options = options;
  }

  /** Sweeps now and from now on. */
  start(): void {
    const { sweep, everyMs, failure, log } = this.#options;
    const { signal } = this.#closed;
    if (signal.aborted) return;
    this.#isSweeping = true;
    this.#sweeping = sweep(signal).catch((error) => {
      if (!signal.aborted) log.warn(failure, { error });
    }).then(() => {
      this.#isSweeping = false;
      const afterMs = this.#isWantedAgain ? 0 : everyMs;
      this.#isWantedAgain = false;
      if (!signal.aborted) {
        this.#timer = setTimeout(() => this.start(), afterMs);
      }
    });
  }

  /** Sweeps now, or once more when it is at it: there is something new to find. */
  soon(): void {
    if (this.#isSweeping) this.#isWantedAgain = true;
    else {
      clearTimeout(this.#timer);
      this.start();
    }
  }

  /** Sweeps once for somebody who waits for it, besides what goes on by itself; resolves as the sweep does. */
  async once(signal: AbortSignal): Promise<unknown> {
    const { signal: closed } = this.#closed;
    return await this.#options.sweep(AbortSignal.any([closed, signal]));
  }

  /** Ends; resolves when nothing of it is going on any more. */
  async close(): Promise<void> {
    this.#closed.abort();
    clearTimeout(this.#timer);
    await this.#sweeping;
  }
}
