/** `spy()`: a function that remembers its calls. */
import { forget, remember } from "./mock_session.ts";

/** Thrown when a spy or stub is used in a way that cannot work. */
export class MockError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MockError";
  }
}

/** One call of a spy. */
export interface SpyCall<
  // deno-lint-ignore no-explicit-any -- any function can be spied on
  Self = any,
  // deno-lint-ignore no-explicit-any -- see above
  Args extends unknown[] = any[],
  // deno-lint-ignore no-explicit-any -- see above
  Return = any,
> {
  args: Args;
  /** What the call returned. */
  returned?: Return;
  /** What the call threw. */
  error?: Error;
  /** `this` of the call. */
  self?: Self;
}

/** A function that remembers its calls. */
export interface Spy<
  // deno-lint-ignore no-explicit-any -- any function can be spied on
  Self = any,
  // deno-lint-ignore no-explicit-any -- see above
  Args extends unknown[] = any[],
  // deno-lint-ignore no-explicit-any -- see above
  Return = any,
> {
  (this: Self, ...args: Args): Return;
  /** The function behind the spy. */
  original: (this: Self, ...args: Args) => Return;
  calls: SpyCall<Self, Args, Return>[];
  /** Whether the original method is back in place. */
  restored: boolean;
  /** Puts the original method back; MockError for a spy of no object. */
  restore(): void;
}

/** A spy in place of an object's method; it can be disposed of. */
export interface MethodSpy<
  // deno-lint-ignore no-explicit-any -- any function can be spied on
  Self = any,
  // deno-lint-ignore no-explicit-any -- see above
  Args extends unknown[] = any[],
  // deno-lint-ignore no-explicit-any -- see above
  Return = any,
> extends Spy<Self, Args, Return>, Disposable {}

/** The arguments of a method. */
export type MethodArgs<Self, Name extends keyof Self> = Self[Name] extends
  (...args: infer Args) => unknown ? Args : unknown[];

/** What a method returns. */
export type MethodReturn<Self, Name extends keyof Self> = Self[Name] extends // deno-lint-ignore no-explicit-any -- arguments do not matter here
(...args: any[]) => infer Return ? Return
  : unknown;

/** Spies on nothing, on a function, or on a method of an object. */
// deno-lint-ignore no-explicit-any -- a bare spy takes and gives anything
export function spy<Self = any, Args extends unknown[] = any[]>(): Spy<
  Self,
  Args,
  undefined
>;
export function spy<Self, Args extends unknown[], Return>(
  func: (this: Self, ...args: Args) => Return,
): Spy<Self, Args, Return>;
export function spy<Self, Name extends keyof Self>(
  self: Self,
  property: Name,
): MethodSpy<Self, MethodArgs<Self, Name>, MethodReturn<Self, Name>>;
export function spy(
  target?: unknown,
  property?: PropertyKey,
): unknown {
  if (property !== undefined) {
    const self = target as Record<PropertyKey, unknown>;
    const original = methodOf(self, property);
    return replaceMethod(self, property, original, original);
  }
  if (target !== undefined && typeof target !== "function") {
    throw new MockError("Cannot spy: expected a function");
  }
  return createSpy((target ?? (() => undefined)) as AnyFunction, null);
}

// deno-lint-ignore no-explicit-any -- stands for every function
export type AnyFunction = (this: any, ...args: any[]) => any;

/** The method of an object; MockError when there is none, or when it is a spy already. */
export function methodOf(
  self: Record<PropertyKey, unknown>,
  property: PropertyKey,
): AnyFunction {
  const original = self[property];
  if (typeof original !== "function") {
    throw new MockError(`Cannot spy: "${String(property)}" is no method`);
  }
  if ("calls" in original && "restore" in original) {
    throw new MockError(`Cannot spy: "${String(property)}" is a spy already`);
  }
  return original as AnyFunction;
}

/** Puts a spy that runs `run` in place of a method. */
export function replaceMethod(
  self: Record<PropertyKey, unknown>,
  property: PropertyKey,
  original: AnyFunction,
  run: AnyFunction,
): MethodSpy {
  const descriptor = Object.getOwnPropertyDescriptor(self, property);
  if (descriptor?.configurable === false) {
    throw new MockError(`Cannot spy: "${String(property)}" cannot be changed`);
  }
  const made = createSpy(run, () => {
    forget(made);
    if (descriptor === undefined) delete self[property];
    else Object.defineProperty(self, property, descriptor);
  });
  made.original = original;
  Object.defineProperty(self, property, {
    value: made,
    configurable: true,
    enumerable: descriptor?.enumerable ?? true,
    writable: true,
  });
  remember(made);
  return made;
}

function createSpy(run: AnyFunction, undo: (() => void) | null): MethodSpy {
  const calls: SpyCall[] = [];
  let restored = false;
  const made = function (this: unknown, ...args: unknown[]) {
    const call: SpyCall = { args };
    if (this !== undefined) call.self = this;
    calls.push(call);
    try {
      call.returned = run.apply(this, args);
    } catch (error) {
      call.error = error as Error;
      throw error;
    }
    return call.returned;
  };
  const restore = () => {
    if (undo === null) {
      throw new MockError("Cannot restore: the spy is in no object");
    }
    if (restored) {
      throw new MockError("Cannot restore: the method is restored already");
    }
    undo();
    restored = true;
  };
  return Object.defineProperties(made, {
    original: { value: run, writable: true, enumerable: true },
    calls: { value: calls, enumerable: true },
    restored: { get: () => restored, enumerable: true },
    restore: { value: restore, enumerable: true },
    [Symbol.dispose]: { value: restore },
  }) as unknown as MethodSpy;
}
