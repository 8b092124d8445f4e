/** Holds tokens back until a test lets them through, so that no test has to sleep. */
export class Gate {
  private permits = Infinity;
  private readonly waiting: (() => void)[] = [];

  /** From now on each token waits for a permit. */
  hold(): void {
    this.permits = 0;
  }

  /** Lets `count` more tokens through; without a count all of them, from now on. */
  release(count = Infinity): void {
    this.permits += count;
    while (this.permits > 0) {
      const next = this.waiting.shift();
      if (next === undefined) return;
      this.permits--;
      next();
    }
  }

  /** Resolves when a token may pass, or at once when `abandoned` resolves. */
  async pass(abandoned: Promise<void>): Promise<void> {
    if (this.permits > 0) {
      this.permits--;
      return;
    }
    const turn = Promise.withResolvers<void>();
    this.waiting.push(turn.resolve);
    await Promise.race([turn.promise, abandoned]);
    const index = this.waiting.indexOf(turn.resolve);
    if (index >= 0) this.waiting.splice(index, 1);
  }
}
