/** A value of another server that is kept for a while and fetched by one request at a time. */
import type { Clock } from "@/lib/clock.ts";

export interface KeptValueOptions<T> {
  /** Fetches it; with a deadline of its own. */
  load: () => Promise<T>;
  clock: Clock;
  /** So long it is taken as it is, in milliseconds. */
  freshMs: number;
  /** So long it is taken when no newer one is to be had, in milliseconds. */
  usableMs: number;
  /** So long after a failure the next caller is told of it at once, in milliseconds. */
  pauseMs: number;
}

export class KeptValue<T> {
  readonly #options: KeptValueOptions<T>;
  #kept: { value: T; atMs: number } | null = null;
  #failed: { error: unknown; atMs: number } | null = null;
  #loading: Promise<T> | null = null;

  constructor(options: KeptValueOptions<T>) {
    this.#options = options;
  }

  /**
   * The value: from memory while it is fresh; then still from memory, while one request fetches a newer
   * one; and waited for when there is none that may be used.
   * @throws what `load` throws, also for as long as `pauseMs` after it did
   */
  async get(): Promise<T> {
    const { freshMs, usableMs } = this.#options;
    const kept = this.#kept;
    if (kept === null || this.#ageMs(kept) >= usableMs) {
      return await this.#load();
    }
    if (this.#ageMs(kept) >= freshMs) void this.#load().catch(() => {});
    return kept.value;
  }

  /**
   * A value that was fetched less than `maxAgeMs` ago, fetched anew when there is none.
   * @throws what `load` throws
   */
  async newerThan(maxAgeMs: number): Promise<T> {
    const kept = this.#kept;
    if (kept !== null && this.#ageMs(kept) < maxAgeMs) return kept.value;
    return await this.#load();
  }

  /** Forgets it, as a process does that begins. */
  drop(): void {
    this.#kept = null;
    this.#failed = null;
  }

  #ageMs({ atMs }: { atMs: number }): number {
    return this.#options.clock.monotonic() - atMs;
  }

  /** Joins the request that is under way, or begins one. */
  #load(): Promise<T> {
    const { clock, load, pauseMs } = this.#options;
    if (this.#failed !== null && this.#ageMs(this.#failed) < pauseMs) {
      return Promise.reject(this.#failed.error);
    }
    this.#loading ??= (async () => {
      try {
        const value = await load();
        this.#kept = { value, atMs: clock.monotonic() };
        this.#failed = null;
        return value;
      } catch (error) {
        this.#failed = { error, atMs: clock.monotonic() };
        throw error;
      } finally {
        this.#loading = null;
      }
    })();
    return this.#loading;
  }
}
