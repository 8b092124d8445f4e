/** Who was served when, for who serves in turn. */

/** Workspaces and queues of which is remembered when they were served. */
const MAX_REMEMBERED = 10_000;

/** Numbers servings, and forgets the oldest. */
export class LastServed {
  readonly #at = new Map<string, number>();
  #count = 0;

  /** Number of the last serving; 0: never, or longer ago than is remembered. */
  at(name: string): number {
    return this.#at.get(name) ?? 0;
  }

  serve(name: string): number {
    this.#count += 1;
    this.#at.delete(name);
    this.#at.set(name, this.#count);
    if (this.#at.size > MAX_REMEMBERED) {
      this.#at.delete(this.#at.keys().next().value!);
    }
    return this.#count;
  }
}
