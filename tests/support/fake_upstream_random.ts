/** Chance that can be played again: the same seed gives the same run of numbers (mulberry32). */
export type Random = () => number;

/**
 * @param seed any whole number
 * @returns a source of numbers from 0 (included) to 1 (excluded)
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
