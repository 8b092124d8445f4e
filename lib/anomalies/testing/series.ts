/** Seeded series as real use makes them, for tests. */
import type { Point } from "../series.ts";

export const HOUR_MS = 3_600_000;
/** A Monday, 00:00 UTC. */
export const MONDAY_MS = Date.UTC(2026, 8, 7);

/** Numbers from 0 up to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) *
    Math.cos(2 * Math.PI * random());
}

/** A count whose mean is known and which chance alone moves (Poisson). */
export function countAround(mean: number, random: () => number): number {
  if (mean > 50) {
    return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  }
  let product = random();
  let count = 0;
  for (const least = Math.exp(-mean); product > least; count += 1) {
    product *= random();
  }
  return count;
}

/** What part of the busiest hour an hour of the week has: days, quiet nights, weekends. */
export function workload(
  hour: number,
  { night = 0, weekend = 0.15 }: { night?: number; weekend?: number } = {},
): number {
  const ofDay = hour % 24;
  const day = Math.floor(hour / 24) % 7;
  const shape = ofDay < 7 || ofDay >= 21
    ? night
    : Math.max(night, Math.sin(Math.PI * (ofDay - 6) / 15));
  return shape * (day < 5 ? 1 : weekend);
}

/** Hourly points from a Monday on. */
export function hourly(
  hours: number,
  valueAt: (hour: number) => number,
): Point[] {
  return Array.from({ length: hours }, (_, hour) => ({
    atMs: MONDAY_MS + hour * HOUR_MS,
    value: valueAt(hour),
  }));
}

/** What a generator comes to, without its pauses. */
export function finish<T>(steps: Generator<void, T>): T {
  while (true) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
