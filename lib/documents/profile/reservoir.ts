/** A uniform random sample of numbers of unknown count, in bounded memory (Vitter's algorithm R). */

export interface ReservoirState {
  /** Numbers that were offered. */
  seen: number;
  sample: number[];
}

/** Random numbers from 0 up to 1 that go on from a stored state, so that a resumed pass is the same pass. */
export class StoredRandom {
  state: number;

  constructor(state: number) {
    this.state = state >>> 0;
  }

  next(): number {
    // Mulberry32.
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
}

export function offer(
  reservoir: ReservoirState,
  value: number,
  size: number,
  random: StoredRandom,
): void {
  reservoir.seen += 1;
  if (reservoir.sample.length < size) {
    reservoir.sample.push(value);
    return;
  }
  const place = Math.floor(random.next() * reservoir.seen);
  if (place < size) reservoir.sample[place] = value;
}

/** A quantile of sorted numbers, between two of them in proportion. @param share from 0 to 1 */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const rest = place - below;
  const low = sorted[below];
  return rest === 0 ? low : low + (sorted[below + 1] - low) * rest;
}
