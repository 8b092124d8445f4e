/** Followers woken in one turn of the event loop; the others wait for the next one. */
const SLICE = 400;

/**
 * Wakes those who wait for something, a slice in each turn of the event loop, so that a run with ten
 * thousand followers does not hold up all other work while they are served.
 */
export class Fanout {
  #due: (() => void)[] = [];
  #isDraining = false;

  /** Calls all of them, each once, in order. */
  wake(waiting: readonly (() => void)[]): void {
    if (waiting.length === 0) return;
    this.#due.push(...waiting);
    if (!this.#isDraining) this.#drain();
  }

  #drain(): void {
    for (const resolve of this.#due.splice(0, SLICE)) resolve();
    this.#isDraining = this.#due.length > 0;
    if (this.#isDraining) setImmediate(() => this.#drain());
  }
}
