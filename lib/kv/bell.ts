/** Something to wait for that happens again and again. */
export class Bell {
  #next = Promise.withResolvers<void>();

  /** Wakes everyone who waits now. */
  ring(): void {
    const { resolve } = this.#next;
    this.#next = Promise.withResolvers();
    resolve();
  }

  /**
   * Resolves once the condition holds; looks again at each ring.
   * @throws the signal's reason when it aborts first
   */
  async until(condition: () => boolean, signal?: AbortSignal): Promise<void> {
    const aborted = Promise.withResolvers<never>();
    aborted.promise.catch(() => {});
    const abort = () => aborted.reject(signal?.reason);
    signal?.addEventListener("abort", abort);
    try {
      signal?.throwIfAborted();
      while (!condition()) {
        await Promise.race([this.#next.promise, aborted.promise]);
      }
    } finally {
      signal?.removeEventListener("abort", abort);
    }
  }
}
