/** Ready-made functions for stubs. */
import { MockError } from "./spy.ts";

/** Returns `this`. */
export function returnsThis<Self>(): (this: Self) => Self {
  return function (this: Self) {
    return this;
  };
}

/** Returns one of the arguments. */
export function returnsArg<Value>(
  index: number,
): (...args: Value[]) => Value | undefined {
  return (...args) => args[index];
}

/** Returns the values in turn, throwing those that are errors; MockError when none is left. */
export function returnsNext<Value>(
  values: Iterable<Value | Error>,
): () => Value {
  const iterator = values[Symbol.iterator]();
  let calls = 0;
  return () => {
    const next = iterator.next();
    if (next.done) throw usedUp(calls);
    calls++;
    if (next.value instanceof Error) throw next.value;
    return next.value;
  };
}

/** Resolves to the values in turn, rejecting with those that are errors. */
export function resolvesNext<Value>(
  values:
    | Iterable<Value | Error | Promise<Value | Error>>
    | AsyncIterable<Value | Error | Promise<Value | Error>>,
): () => Promise<Value> {
  const iterator = Symbol.asyncIterator in values
    ? values[Symbol.asyncIterator]()
    : values[Symbol.iterator]();
  let calls = 0;
  return async () => {
    const next = await iterator.next();
    if (next.done) throw usedUp(calls);
    calls++;
    const value = await next.value;
    if (value instanceof Error) throw value;
    return value;
  };
}

function usedUp(calls: number): MockError {
  return new MockError(`Not expected to be called more than "${calls}" times`);
}
