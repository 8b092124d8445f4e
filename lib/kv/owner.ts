import {
  type Incarnation,
  type IncarnationOptions,
  startIncarnation,
} from "./incarnation.ts";
import type { Store } from "./store.ts";

/** An idle lane is renewed so often: well within the time after which others take it for dead. */
const RENEW_MS = 2_500;

/**
 * Owner of what this process does: its incarnation, renewed while the process lives, and followed by a
 * new one when another process has fenced it (after a freeze, say). What the old one owned is not ours
 * any more then.
 */
export class Owner {
  readonly #store: Store;
  readonly #options: IncarnationOptions;
  readonly #listeners = new Set<(incarnation: Incarnation) => void>();
  readonly #releaseListeners = new Set<() => void>();
  #incarnation: Incarnation;
  #cancelTimer: (() => void) | null = null;
  #seenN = -1;
  #isReleased = false;

  private constructor(
    store: Store,
    options: IncarnationOptions,
    incarnation: Incarnation,
  ) {
    this.#store = store;
    this.#options = options;
    this.#incarnation = incarnation;
  }

  /** @throws {StorageError} when the store takes no writes or does not answer */
  static async start(
    store: Store,
    options: IncarnationOptions = {},
  ): Promise<Owner> {
    const owner = new Owner(
      store,
      options,
      await startIncarnation(store, options),
    );
    owner.#watch(owner.#incarnation);
    return owner;
  }

  /** The incarnation that counts now. What began under an earlier one stays with that. */
  get incarnation(): Incarnation {
    return this.#incarnation;
  }

  /** Calls back with each incarnation that takes the place of one that was fenced. */
  subscribe(listener: (incarnation: Incarnation) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Calls back when this process gives up what it owns, in good order. */
  onRelease(listener: () => void): void {
    this.#releaseListeners.add(listener);
  }

  /** Ends in good order; see `Incarnation.release`. */
  async release(deadlineMs: number): Promise<boolean> {
    this.#isReleased = true;
    for (const listener of this.#releaseListeners) listener();
    this.#cancelTimer?.();
    return await this.#incarnation.release(deadlineMs);
  }

  #watch(incarnation: Incarnation): void {
    incarnation.lane.subscribe((event) => {
      if (event.type === "fenced") void this.#succeed(incarnation);
    });
    this.#renewLater(incarnation);
  }

  /** A store in memory has no other process that could take this one for dead. */
  #renewLater(incarnation: Incarnation): void {
    if (this.#store.kind === "memory" || this.#isReleased) return;
    this.#cancelTimer = this.#store.clock.after(RENEW_MS, () => {
      const { lane } = incarnation;
      if (incarnation !== this.#incarnation) return;
      // Whatever the lane has written since then has renewed it already.
      if (lane.n === this.#seenN && lane.state === "open") {
        // Why it fails shows in the lane's state; there is nobody else to tell.
        lane.renew().catch(() => {});
      }
      this.#seenN = lane.n;
      this.#renewLater(incarnation);
    });
  }

  async #succeed(fenced: Incarnation): Promise<void> {
    if (this.#isReleased || fenced !== this.#incarnation) return;
    try {
      const incarnation = await startIncarnation(this.#store, this.#options);
      this.#incarnation = incarnation;
      this.#watch(incarnation);
      for (const listener of this.#listeners) listener(incarnation);
      await fenced.abandon();
    } catch {
      // The store does not answer; it is tried again as long as the process lives.
      this.#store.clock.after(RENEW_MS, () => void this.#succeed(fenced));
    }
  }
}
