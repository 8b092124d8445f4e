/** Which rows were there before: exact for the first different ones, up to a bound of memory. */

/** Different rows that later ones are compared with. */
export const MAX_COMPARED_ROWS = 100_000;

/** A hash of 53 bits; among 100,000 rows two different ones meet with a chance below one in a million. */
export function hashRow(cells: readonly string[]): number {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (const cell of cells) {
    for (let at = 0; at < cell.length; at += 1) {
      const code = cell.charCodeAt(at);
      high = Math.imul(high ^ code, 2654435761);
      low = Math.imul(low ^ code, 1597334677);
    }
    high = Math.imul(high ^ 0x1f, 2654435761);
    low = Math.imul(low ^ 0x1f, 1597334677);
  }
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^
    Math.imul(low ^ (low >>> 13), 3266489909);
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^
    Math.imul(high ^ (high >>> 13), 3266489909);
  return (high & 0x1fffff) * 2 ** 32 + (low >>> 0);
}

export class SeenRows {
  readonly #hashes: Set<number>;

  constructor(hashes: Iterable<number> = []) {
    this.#hashes = new Set(hashes);
  }

  get size(): number {
    return this.#hashes.size;
  }

  /** Whether an equal row was there before. */
  add(cells: readonly string[]): boolean {
    const hash = hashRow(cells);
    if (this.#hashes.has(hash)) return true;
    if (this.#hashes.size < MAX_COMPARED_ROWS) this.#hashes.add(hash);
    return false;
  }

  hashes(): Float64Array<ArrayBuffer> {
    return Float64Array.from(this.#hashes);
  }
}
