/** Counts people, each once, in a span and in each of its buckets. */
import type { Target } from "./usage_cover.ts";

export class ActivePeople {
  readonly #buckets: number;
  /** Requests of each in each bucket, and last in all: hours that are taken away again leave nobody. */
  readonly #people = new Map<string, Float64Array>();

  constructor(buckets: number) {
    this.#buckets = buckets;
  }

  /** Requests of somebody; empty: of nobody in particular. */
  of(user: string): Float64Array | null {
    if (user === "") return null;
    let own = this.#people.get(user);
    if (own === undefined) {
      own = new Float64Array(this.#buckets + 1);
      this.#people.set(user, own);
    }
    return own;
  }

  add(
    own: Float64Array,
    requests: number,
    { targets, weight }: { targets: readonly Target[]; weight: number },
  ): void {
    own[this.#buckets] += weight * requests;
    for (const { bucket, sign } of targets) own[bucket] += sign * requests;
  }

  /** In the whole span. */
  get inAll(): number {
    return this.inBucket(this.#buckets);
  }

  inBucket(bucket: number): number {
    let count = 0;
    for (const own of this.#people.values()) count += own[bucket] > 0 ? 1 : 0;
    return count;
  }
}
