import type { Attempt } from "./attempt.ts";
import type { RouteCall, TellServed } from "./route_call.ts";

const DONE = { done: true, value: undefined } as const;

/** What comes of one opening of a call: of the first target that begins to answer. */
export class RouteStream<T> implements AsyncIterableIterator<T, undefined> {
  readonly #call: RouteCall<T>;
  readonly #caller: AbortSignal;
  readonly #tell: TellServed | undefined;
  /** Ends waits, and what is open, when nobody wants the rest. */
  readonly #closing = new AbortController();
  readonly #onAbort = () => this.#closing.abort(this.#caller.reason);
  #attempt: Attempt<T> | null = null;
  #hasBegun = false;
  #isClosed = false;

  constructor(call: RouteCall<T>, signal: AbortSignal, tell?: TellServed) {
    this.#call = call;
    this.#caller = signal;
    this.#tell = tell;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#isClosed) return Promise.resolve(DONE);
    return this.#hasBegun ? this.#attempt!.next() : this.#first();
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.#isClosed = true;
    this.#unlink();
    const attempt = this.#attempt;
    // Before the first delta a reader may wait, for a target or for its turn.
    if (!this.#hasBegun) this.#closing.abort();
    await attempt?.return();
    return DONE;
  }

  async #first(): Promise<IteratorResult<T, undefined>> {
    try {
      if (this.#caller.aborted) throw this.#caller.reason;
      this.#caller.addEventListener("abort", this.#onAbort, { once: true });
      for (;;) {
        const result = await this.#try();
        if (result === null) continue;
        this.#hasBegun = true;
        if (result.done) this.#unlink();
        return this.#isClosed ? DONE : result;
      }
    } catch (error) {
      if (this.#isClosed) return DONE;
      this.#isClosed = true;
      this.#unlink();
      throw error;
    }
  }

  /** The first result of the next target; null when it came to nothing and there may be another try. */
  async #try(): Promise<IteratorResult<T, undefined> | null> {
    const call = this.#call;
    const { signal } = this.#closing;
    const candidate = call.ready();
    if (candidate === null) {
      await call.cooled(signal);
      return null;
    }
    const slot = call.trySlot(candidate) ?? await call.slot(candidate, signal);
    if (slot === null) return null;
    if (signal.aborted) {
      slot();
      throw signal.reason;
    }
    const release = () => {
      slot();
      if (this.#hasBegun) this.#unlink();
    };
    const attempt = call.attempt(candidate, release, signal, this.#tell);
    if (attempt === null) return null;
    this.#attempt = attempt;
    try {
      return await attempt.next();
    } catch (error) {
      if (signal.aborted) throw error;
      const waitMs = call.failed(candidate, error);
      if (waitMs > 0) await call.pause(waitMs, signal);
      return null;
    }
  }

  /** Nothing is open any more that the caller's signal could close. */
  #unlink(): void {
    this.#caller.removeEventListener("abort", this.#onAbort);
  }
}
