/** The targets of one call: in which order they are asked, and which of them are done with. */
import type { ProviderError } from "@/lib/errors.ts";
import type { Target, TargetName } from "./target.ts";

/** A target within one call. */
export interface Candidate {
  readonly target: Target;
  /** Attempts that have failed. */
  failures: number;
  /** It is not asked again for this answer. */
  isSpent: boolean;
}

export class Candidates {
  #all: Candidate[];
  /** What the last of them has failed with. */
  lastError: ProviderError | null = null;

  /** @param targets in the order in which they are asked */
  constructor(targets: Target[]) {
    this.#all = targets.map((target) => ({
      target,
      failures: 0,
      isSpent: false,
    }));
  }

  get targets(): Target[] {
    return this.#all.map(({ target }) => target);
  }

  /**
   * The next one to ask, or null when none can be asked now. While all connections of its provider are in
   * use, one with a free connection goes before it.
   */
  next(): Candidate | null {
    const ready = this.#ready();
    const free = ready.find(({ target: { upstream: { slots } } }) =>
      slots.inUse < slots.max
    );
    return free ?? ready[0] ?? null;
  }

  /** Milliseconds until one may be asked that only limits the rate; infinite when there is none. */
  coolingMs(): number {
    const cooling = this.#all
      .filter(({ isSpent, target }) => !isSpent && target.breaker.isPassable)
      .map(({ target }) => target.coolingMs);
    return Math.min(...cooling);
  }

  /**
   * A target has failed for good.
   * @throws the error when it was the last one
   */
  spend(candidate: Candidate, error: ProviderError): void {
    candidate.isSpent = true;
    this.lastError = error;
    if (this.#all.every(({ isSpent }) => isSpent)) throw error;
  }

  /** Puts a target behind the others; false when no other can be asked now. */
  putBack(candidate: Candidate): boolean {
    if (!this.#ready().some((each) => each !== candidate)) return false;
    this.#all = [...this.#all.filter((each) => each !== candidate), candidate];
    return true;
  }

  /**
   * A target has broken off an answer.
   * @returns whether another one can be asked now
   */
  exclude(name: TargetName | null, error: ProviderError): boolean {
    this.lastError = error;
    for (const candidate of this.#all) {
      const { provider, model } = candidate.target.name;
      if (provider === name?.provider && model === name.model) {
        candidate.isSpent = true;
      }
    }
    return this.#ready().length > 0;
  }

  #ready(): Candidate[] {
    return this.#all.filter(({ isSpent, target }) =>
      !isSpent && target.isReady
    );
  }
}
