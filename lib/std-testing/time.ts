/**
 * `FakeTime`, a stand-in for the one of jsr:@std/testing 1, over @sinonjs/fake-timers.
 *
 * While one exists, Date, the timers and `AbortSignal.timeout` follow it instead of the clock.
 *
 * Source: https://jsr.io/@std/testing/doc/time
 */
import { withGlobal } from "@sinonjs/fake-timers";

/** Thrown when time is faked twice, or used after it was restored. */
export class TimeError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "TimeError";
  }
}

/** Lets fake time follow real time. */
export interface FakeTimeOptions {
  /** Fake milliseconds per real millisecond; 0, the default, stands still. */
  advanceRate: number;
  /** Real milliseconds between two steps; 10 by default. */
  advanceFrequency?: number;
}

/** Options of `delay()`. */
export interface DelayOptions {
  /** Ends the delay early, with the signal's reason. */
  signal?: AbortSignal;
}

type Clock = ReturnType<ReturnType<typeof withGlobal>["install"]>;

const DEFAULT_ADVANCE_FREQUENCY_MS = 10;
const realSetTimeout = globalThis.setTimeout;
const realClearTimeout = globalThis.clearTimeout;
const realSetInterval = globalThis.setInterval;
const realClearInterval = globalThis.clearInterval;
const realAbortTimeout = AbortSignal.timeout;

let current: FakeTime | null = null;

/** Time that only moves when a test says so. */
export class FakeTime {
  readonly #start: number;
  readonly #clock: Clock;
  #advance: ReturnType<typeof setInterval> | undefined;

  /** `start` defaults to now; TimeError when time is faked already. */
  constructor(
    start?: number | string | Date | FakeTime | null,
    options?: FakeTimeOptions,
  ) {
    if (current !== null) {
      throw new TimeError("Cannot construct FakeTime: time is already faked");
    }
    this.#start = startTime(start);
    this.#clock = withGlobal(globalThis).install({
      now: this.#start,
      toFake: [
        "Date",
        "setTimeout",
        "clearTimeout",
        "setInterval",
        "clearInterval",
      ],
    });
    AbortSignal.timeout = abortAfter;
    current = this;
    this.#startAdvancing(options);
  }

  /** Ends the fake time of this process; TimeError when there is none. */
  static restore(): void {
    if (current === null) {
      throw new TimeError("Cannot restore time: time is already restored");
    }
    current.restore();
  }

  /** Runs `callback` in real time, then goes on faking. */
  static async restoreFor<T>(
    // deno-lint-ignore no-explicit-any -- arguments are handed on as they are
    callback: (...args: any[]) => Promise<T> | T,
    // deno-lint-ignore no-explicit-any -- see above
    ...args: any[]
  ): Promise<T> {
    if (current === null) {
      throw new TimeError("Cannot restore time: time is not faked");
    }
    const fake = currentGlobals();
    setGlobals(realGlobals);
    try {
      return await callback(...args);
    } finally {
      setGlobals(fake);
    }
  }

  /** Fake milliseconds since 1970; setting a later time runs the timers until then. */
  get now(): number {
    return this.#clock.now;
  }
  set now(value: number) {
    if (value < this.now) {
      throw new RangeError(
        `Cannot set current time in the past, time must be >= ${this.now}: received ${value}`,
      );
    }
    this.tick(value - this.now);
  }

  /** The time this began with. */
  get start(): number {
    return this.#start;
  }

  /** Waits in real time. */
  delay(ms: number, options: DelayOptions = {}): Promise<void> {
    const { signal } = options;
    if (signal?.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        realClearTimeout.call(globalThis, timer);
        reject(signal!.reason);
      };
      const timer = realSetTimeout.call(globalThis, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Lets pending promises settle, without moving time. */
  async runMicrotasks(): Promise<void> {
    await this.delay(0);
  }

  /** Moves time on and runs the timers that become due. */
  tick(ms = 0): void {
    this.#clock.tick(ms);
  }

  /** Lets promises settle, then moves time on. */
  async tickAsync(ms = 0): Promise<void> {
    await this.runMicrotasks();
    await this.#clock.tickAsync(ms);
  }

  /** Moves to the next timer and runs it; false when there is none. */
  next(): boolean {
    const hasNext = this.#clock.countTimers() > 0;
    if (hasNext) this.#clock.next();
    return hasNext;
  }

  /** Lets promises settle, then does as `next()`. */
  async nextAsync(): Promise<boolean> {
    await this.runMicrotasks();
    return this.next();
  }

  /** Runs all timers, those they start included. */
  runAll(): void {
    while (this.next()) {
      // Each turn runs one timer.
    }
  }

  /** As `runAll()`, letting promises settle before each timer. */
  async runAllAsync(): Promise<void> {
    while (await this.nextAsync()) {
      // Each turn runs one timer.
    }
  }

  /** Gives the globals back; TimeError when that was done before. */
  restore(): void {
    if (current !== this) {
      throw new TimeError("Cannot restore time: time is already restored");
    }
    current = null;
    realClearInterval.call(globalThis, this.#advance);
    this.#clock.uninstall();
    AbortSignal.timeout = realAbortTimeout;
  }

  [Symbol.dispose](): void {
    this.restore();
  }

  #startAdvancing(options: FakeTimeOptions | undefined): void {
    const rate = options?.advanceRate ?? 0;
    if (rate <= 0) return;
    const frequencyMs = options?.advanceFrequency ??
      DEFAULT_ADVANCE_FREQUENCY_MS;
    this.#advance = realSetInterval.call(
      globalThis,
      () => this.tick(rate * frequencyMs),
      frequencyMs,
    );
  }
}

function startTime(start?: number | string | Date | FakeTime | null): number {
  if (start instanceof FakeTime) return start.now;
  const time = start === undefined || start === null
    ? Date.now()
    : new Date(start).getTime();
  if (Number.isNaN(time)) throw new TypeError(`Invalid start time "${start}"`);
  return time;
}

function abortAfter(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  setTimeout(
    () =>
      controller.abort(new DOMException("Signal timed out.", "TimeoutError")),
    milliseconds,
  );
  return controller.signal;
}

interface TimeGlobals {
  Date: typeof Date;
  setTimeout: typeof setTimeout;
  clearTimeout: typeof clearTimeout;
  setInterval: typeof setInterval;
  clearInterval: typeof clearInterval;
  abortTimeout: typeof AbortSignal.timeout;
}

const realGlobals = currentGlobals();

function currentGlobals(): TimeGlobals {
  const { Date, setTimeout, clearTimeout, setInterval, clearInterval } =
    globalThis;
  return {
    Date,
    setTimeout,
    clearTimeout,
    setInterval,
    clearInterval,
    abortTimeout: AbortSignal.timeout,
  };
}

function setGlobals({ abortTimeout, ...globals }: TimeGlobals): void {
  Object.assign(globalThis, globals);
  AbortSignal.timeout = abortTimeout;
}
