/** Writes that may be left out: few at a time, and none while too many wait or the store is busy. */
import type { Clock } from "@/lib/clock.ts";

/** A write that waits. */
interface Waiting {
  /** Memory that it holds. */
  bytes: number;
  write: (signal: AbortSignal) => Promise<boolean>;
}

export interface WriteBehindOptions {
  /** Whether the store has more important things to do just now. */
  isPressed: () => boolean;
  /** Told of a write that came to nothing, and of what it failed with, if it did. */
  onLost: (error: unknown) => void;
  clock: Pick<Clock, "after">;
}

const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 16 * 1024 * 1024;
const MAX_RUNNING = 2;

export class WriteBehind {
  readonly #options: WriteBehindOptions;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #waiting: Waiting[] = [];
  #waitingBytes = 0;

  constructor(options: WriteBehindOptions) {
    this.#options = options;
  }

  /** Writes when it is convenient, or never. */
  add(
    bytes: number,
    write: (signal: AbortSignal) => Promise<boolean>,
  ): void {
    const isTooMuch = this.#waiting.length === MAX_WAITING ||
      this.#waitingBytes + bytes > MAX_WAITING_BYTES;
    if (isTooMuch || this.#closing.signal.aborted) {
      this.#options.onLost(null);
      return;
    }
    this.#waiting.push({ bytes, write });
    this.#waitingBytes += bytes;
    this.#next();
  }

  /** Resolves when nothing waits or runs. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Gives what is there so much time, then gives up the rest. */
  async close(deadlineMs: number): Promise<void> {
    const { clock } = this.#options;
    const cancel = clock.after(deadlineMs, () => this.#giveUp());
    await this.idle();
    cancel();
    this.#giveUp();
  }

  #giveUp(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#closing.abort();
  }

  #next(): void {
    while (this.#running.size < MAX_RUNNING) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#waitingBytes -= next.bytes;
      const running = this.#run(next).finally(() => {
        this.#running.delete(running);
        this.#next();
      });
      this.#running.add(running);
    }
  }

  async #run({ write }: Waiting): Promise<void> {
    const { isPressed, onLost } = this.#options;
    try {
      if (isPressed() || !await write(this.#closing.signal)) onLost(null);
    } catch (error) {
      onLost(error);
    }
  }
}
