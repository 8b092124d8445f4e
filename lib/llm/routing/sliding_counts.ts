/** Counts what happened within the last moments, in a few numbers instead of a list. */

const SLICES = 10;

/** Counts events of a few kinds over a window that slides on in tenths of its length. */
export class SlidingCounts<Kind extends string> {
  private readonly sliceMs: number;
  private readonly counts: Record<Kind, number>[] = [];
  /** Number of the newest slice since the clock began. */
  private newest = -Infinity;

  /**
   * @param kinds what is counted
   * @param windowMs how long an event counts; up to a tenth less, since slices go as a whole
   */
  constructor(private readonly kinds: readonly Kind[], windowMs: number) {
    this.sliceMs = windowMs / SLICES;
  }

  /** @param nowMs milliseconds that never go back */
  add(kind: Kind, nowMs: number): void {
    this.slideTo(nowMs);
    this.counts[0][kind] += 1;
  }

  /** How many there were of a kind. */
  sum(kind: Kind, nowMs: number): number {
    this.slideTo(nowMs);
    return this.counts.reduce((sum, slice) => sum + slice[kind], 0);
  }

  clear(): void {
    this.counts.length = 0;
    this.newest = -Infinity;
  }

  private slideTo(nowMs: number): void {
    const slice = Math.floor(nowMs / this.sliceMs);
    const steps = Math.min(slice - this.newest, SLICES);
    for (let step = 0; step < steps; step++) this.counts.unshift(this.empty());
    this.counts.length = Math.min(this.counts.length, SLICES);
    this.newest = Math.max(this.newest, slice);
  }

  private empty(): Record<Kind, number> {
    return Object.fromEntries(
      this.kinds.map((kind) => [kind, 0]),
    ) as Record<Kind, number>;
  }
}
