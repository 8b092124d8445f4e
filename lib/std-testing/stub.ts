/** `stub()`: replaces a method for the length of a test. */
import {
  type AnyFunction,
  type MethodArgs,
  methodOf,
  type MethodReturn,
  type MethodSpy,
  replaceMethod,
} from "./spy.ts";

/** A spy that runs something else than the method it stands for. */
export interface Stub<
  // deno-lint-ignore no-explicit-any -- any method can be stubbed
  Self = any,
  // deno-lint-ignore no-explicit-any -- see above
  Args extends unknown[] = any[],
  // deno-lint-ignore no-explicit-any -- see above
  Return = any,
> extends MethodSpy<Self, Args, Return> {
  /** What runs in place of the method. */
  fake: (this: Self, ...args: Args) => Return;
}

/** Replaces a method by `func`, or by one that returns undefined. */
export function stub<Self, Name extends keyof Self>(
  self: Self,
  property: Name,
  func?: (
    this: Self,
    ...args: MethodArgs<Self, Name>
  ) => MethodReturn<Self, Name>,
): Stub<Self, MethodArgs<Self, Name>, MethodReturn<Self, Name>> {
  const target = self as Record<PropertyKey, unknown>;
  const fake: AnyFunction = func ?? (() => undefined);
  const made = replaceMethod(
    target,
    property,
    methodOf(target, property),
    fake,
  );
  return Object.assign(made, { fake }) as Stub<
    Self,
    // deno-lint-ignore no-explicit-any -- the arguments are those of the method, which only the caller knows
    any,
    MethodReturn<Self, Name>
  >;
}
