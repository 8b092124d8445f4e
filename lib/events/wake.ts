/** Waiting for a bell of this process, or a while. */
import type { Bell } from "@/lib/kv/bell.ts";
import { sleep } from "@/lib/clock.ts";
import type { Store } from "@/lib/kv/store.ts";

/** The next ring of a bell, told to whoever asked before it; asking again costs nothing. */
export class NextRing {
  readonly #bell: Bell;
  readonly #signal: AbortSignal;
  #armed: Promise<void> | null = null;

  constructor(bell: Bell, signal: AbortSignal) {
    this.#bell = bell;
    this.#signal = signal;
  }

  /** Resolves at the next ring, or when the signal aborts. */
  arm(): Promise<void> {
    return this.#armed ??= this.#wait();
  }

  async #wait(): Promise<void> {
    let looks = 0;
    try {
      await this.#bell.until(() => looks++ > 0, this.#signal);
    } catch {
      // Stopped: there is nothing left to wait for.
    }
    this.#armed = null;
  }
}

/** Resolves with the promise, after the time, or when the signal aborts. */
export async function orSleep(
  { clock }: Pick<Store, "clock">,
  promise: Promise<void>,
  delayMs: number,
  signal: AbortSignal,
): Promise<void> {
  const woken = new AbortController();
  await Promise.race([
    promise,
    sleep(clock, delayMs, AbortSignal.any([signal, woken.signal])),
  ]);
  woken.abort();
}
