/** What happened within the last moments, kept in slots of time of which the oldest are dropped. */

export interface RecentOptions<Slot> {
  /** Slots that count, the one that is being filled included. */
  slots: number;
  /** Length of one, in milliseconds. */
  slotMs: number;
  /** An empty slot. */
  make: () => Slot;
  /** Milliseconds that only grow. */
  now: () => number;
}

/** So much of the past as is asked for, at most one slot less. */
export class Recent<Slot> {
  readonly #options: RecentOptions<Slot>;
  /** By the number of the slot since the clock began, oldest first. */
  readonly #slots = new Map<number, Slot>();

  constructor(options: RecentOptions<Slot>) {
    this.#options = options;
  }

  /** The slot of this moment, to be filled. */
  get current(): Slot {
    const number = this.#number();
    const known = this.#slots.get(number);
    if (known !== undefined) return known;
    this.#forget(number);
    const slot = this.#options.make();
    this.#slots.set(number, slot);
    return slot;
  }

  /** Replaces the slot of this moment. */
  set current(slot: Slot) {
    const number = this.#number();
    if (!this.#slots.has(number)) this.#forget(number);
    this.#slots.set(number, slot);
  }

  /** All that count, oldest first; those in which nothing happened are not there. */
  get all(): Slot[] {
    this.#forget(this.#number());
    return [...this.#slots.values()];
  }

  #number(): number {
    return Math.floor(this.#options.now() / this.#options.slotMs);
  }

  #forget(newest: number): void {
    for (const number of this.#slots.keys()) {
      if (number > newest - this.#options.slots) return;
      this.#slots.delete(number);
    }
  }
}
