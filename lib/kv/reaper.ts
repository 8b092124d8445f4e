import {
  fence,
  owned,
  type OwnedIncarnation,
  owners,
  spenders,
  writers,
} from "./fence.ts";
import { seizeLock } from "./incarnation_lock.ts";
import { allFences, fenceKey, lanesOf, parseFenceKey } from "./keys.ts";
import type { LaneHead } from "./lane_writer.ts";
import { get, list } from "./reads.ts";
import type { Store } from "./store.ts";

/** How often a process looks after the others. */
const SWEEP_MS = 500;
/** A sweep that begins so much late says that this process itself stood still. */
const LATE_MS = 2_000;
/** A head that has not moved for so long, by our own clock, belongs to a process that is gone. */
const LEASE_MS = 10_000;
/** Every so many sweeps what earlier reapers may have left half done is looked for. */
const LEFTOVER_SWEEPS = 30;

export interface ReaperOptions {
  /** Incarnation of this process now; it is never fenced by itself. */
  own: () => string;
  /** Called with each incarnation that has been fenced and owns something, once. */
  onFenced: (fenced: OwnedIncarnation) => Promise<void>;
  /**
   * Called now and then while this process owns something: a commit may have counted of which it has
   * never heard.
   */
  onOwning?: (own: OwnedIncarnation) => Promise<void>;
  /** Called when a sweep fails. */
  onError: (error: unknown) => void;
}

/** What was seen of another incarnation's heads. */
interface Sighting {
  heads: string;
  sinceMs: number;
}

/**
 * Finds processes that have ended and fences them, so that what they owned can be taken over. On a file
 * the operating system tells at once: the dead one's lock can be taken. Elsewhere, and for a process
 * that is frozen, its heads have to stand still for the length of the lease by this process's own clock,
 * while this process's own timers were on time.
 */
export class Reaper {
  readonly #store: Store;
  readonly #options: ReaperOptions;
  readonly #sightings = new Map<string, Sighting>();
  readonly #handling = new Set<string>();
  readonly #ended = new AbortController();
  #cancelTimer: (() => void) | null = null;
  #sweeping: Promise<void> = Promise.resolve();
  #sweeps = 0;

  constructor(store: Store, options: ReaperOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Looks at once, and from then on again and again. A store in memory has one process only. */
  start(): void {
    if (this.#store.kind !== "memory") this.#sweepSoon(0);
  }

  /** Ends; resolves when a sweep under way has ended too. */
  async stop(): Promise<void> {
    this.#ended.abort();
    this.#cancelTimer?.();
    await this.#sweeping;
  }

  #sweepSoon(delayMs: number): void {
    if (this.#ended.signal.aborted) return;
    const { clock } = this.#store;
    const dueAtMs = clock.monotonic() + delayMs;
    this.#cancelTimer = clock.after(delayMs, () => {
      const isLate = clock.monotonic() - dueAtMs > LATE_MS;
      // Whoever stood still himself cannot say that others did.
      if (isLate) this.#sightings.clear();
      this.#sweeping = this.sweep().catch((error) => {
        if (!this.#ended.signal.aborted) this.#options.onError(error);
      }).finally(() => this.#sweepSoon(SWEEP_MS));
    });
  }

  /** Looks once. @throws {StorageError} when the store does not answer */
  async sweep(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#sightings.clear();
      throw error;
    }
  }

  async #look(): Promise<void> {
    const { signal } = this.#ended;
    if (this.#sweeps % LEFTOVER_SWEEPS === 0) await this.#findLeftovers();
    this.#sweeps += 1;
    const alive = new Set<string>();
    for await (const { key } of list(this.#store, allFences(), { signal })) {
      const incarnation = parseFenceKey(key);
      if (incarnation === this.#options.own()) continue;
      alive.add(incarnation);
      if (await this.#fenceIfDead(incarnation)) this.#handle(incarnation);
    }
    for (const seen of this.#sightings.keys()) {
      if (!alive.has(seen)) this.#sightings.delete(seen);
    }
  }

  async #fenceIfDead(incarnation: string): Promise<boolean> {
    const { signal } = this.#ended;
    const { path } = this.#store;
    const lock = path === null ? null : await seizeLock(path, incarnation);
    try {
      const heads = await this.#readHeads(incarnation);
      const isDead = lock !== null || heads.isDrained ||
        this.#hasStoodStill(incarnation, heads.versionstamps);
      return isDead && await fence(this.#store, incarnation, { signal });
    } finally {
      await lock?.release();
    }
  }

  async #readHeads(
    incarnation: string,
  ): Promise<{ versionstamps: string; isDrained: boolean }> {
    const heads = await Array.fromAsync(
      list<LaneHead>(this.#store, lanesOf(incarnation), {
        signal: this.#ended.signal,
      }),
    );
    return {
      versionstamps: heads.map(({ versionstamp }) => versionstamp).join(),
      isDrained: heads.length > 0 &&
        heads.every(({ value }) => value.state === "drained"),
    };
  }

  #hasStoodStill(incarnation: string, heads: string): boolean {
    const nowMs = this.#store.clock.monotonic();
    const seen = this.#sightings.get(incarnation);
    if (seen === undefined || seen.heads !== heads) {
      this.#sightings.set(incarnation, { heads, sinceMs: nowMs });
      return false;
    }
    return nowMs - seen.sinceMs >= LEASE_MS;
  }

  /** What is left of fenced incarnations, because whoever fenced them has died over it. */
  async #findLeftovers(): Promise<void> {
    const { signal } = this.#ended;
    const { own, onOwning } = this.#options;
    for await (const incarnation of owners(this.#store, signal)) {
      if (incarnation !== own()) await this.#handleIfFenced(incarnation);
      else if (onOwning !== undefined) this.#handle(incarnation, onOwning);
    }
    for await (const incarnation of writers(this.#store, signal)) {
      await this.#handleIfFenced(incarnation);
    }
    for await (const incarnation of spenders(this.#store, signal)) {
      await this.#handleIfFenced(incarnation);
    }
  }

  async #handleIfFenced(incarnation: string): Promise<void> {
    const { signal } = this.#ended;
    const born = await get(this.#store, fenceKey(incarnation), { signal });
    if (born.versionstamp === null) this.#handle(incarnation);
  }

  #handle(
    incarnation: string,
    take: (of: OwnedIncarnation) => Promise<void> = this.#options.onFenced,
  ): void {
    if (this.#handling.has(incarnation)) return;
    this.#handling.add(incarnation);
    const of: OwnedIncarnation = {
      id: incarnation,
      owned: (options) => owned(this.#store, incarnation, options?.signal),
    };
    take(of)
      .catch((error) => this.#options.onError(error))
      .finally(() => this.#handling.delete(incarnation));
  }
}
