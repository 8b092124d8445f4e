/** Log pages that one batch deletes at most. */
const MAX_TRIMMED_PAGES = 100;

/** The log pages that a lane has in the store, and which of them are wanted no more. */
export class LogTrim {
  /** In the order of their batches. */
  readonly #pages: { n: number; key: Deno.KvKey }[] = [];
  #beforeN = 0;

  /** Pages that are in the store. */
  get pages(): number {
    return this.#pages.length;
  }

  /** Pages of batches before this one are wanted no more. */
  trim(beforeN: number): void {
    this.#beforeN = Math.max(this.#beforeN, beforeN);
  }

  /** The pages to delete with the next batch. */
  next(): readonly { key: Deno.KvKey }[] {
    let count = 0;
    while (
      count < MAX_TRIMMED_PAGES && count < this.#pages.length &&
      this.#pages[count].n < this.#beforeN
    ) count += 1;
    return this.#pages.slice(0, count);
  }

  /** Batch `n` has committed with these pages, and without the first `trimmed` ones. */
  committed(n: number, keys: readonly Deno.KvKey[], trimmed: number): void {
    this.#pages.splice(0, trimmed);
    for (const key of keys) this.#pages.push({ n, key });
  }
}
