/**
 * Time of a simulated world. It goes on only when nobody can do anything more at the present moment, and
 * then to the next moment at which something is to happen.
 */
interface Due {
  atMs: number;
  order: number;
  callback: (() => void) | null;
}

export class Timeline {
  readonly #heap: Due[] = [];
  #order = 0;
  #nowMs = 0;

  /** Milliseconds since the world began. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** Calls back once, so much later; the returned function takes that back. */
  after(delayMs: number, callback: () => void): () => void {
    const due: Due = {
      atMs: this.#nowMs + Math.max(Math.ceil(delayMs), 0),
      order: this.#order += 1,
      callback,
    };
    this.#push(due);
    return () => {
      due.callback = null;
    };
  }

  /** Resolves so much later. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.after(delayMs, resolve));
  }

  /** Lets time go on until the condition holds or a moment has come. */
  async runUntil(
    isOver: () => boolean,
    untilMs = Infinity,
  ): Promise<void> {
    while (true) {
      // All promises that can go on have gone on when this has settled.
      await new Promise<void>((resolve) => setImmediate(resolve));
      if (isOver()) return;
      const next = this.#peek();
      if (next === null || next.atMs > untilMs) {
        if (untilMs !== Infinity) this.#nowMs = untilMs;
        return;
      }
      this.#nowMs = next.atMs;
      // What happens at one moment happens together, in the order in which it was arranged.
      for (
        let due: Due | null = next;
        due !== null && due.atMs <= this.#nowMs;
        due = this.#peek()
      ) {
        this.#pop();
        due.callback?.();
      }
    }
  }

  #peek(): Due | null {
    while (this.#heap.length > 0 && this.#heap[0].callback === null) {
      this.#pop();
    }
    return this.#heap[0] ?? null;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let at = heap.push(due) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent], due)) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    while (true) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) {
        child += 1;
      }
      if (isBefore(last, heap[child])) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(left: Due, right: Due): boolean {
  return left.atMs < right.atMs ||
    (left.atMs === right.atMs && left.order < right.order);
}
