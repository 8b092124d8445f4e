/** Assertions about the calls of a spy. */
import assert, { AssertionError } from "node:assert/strict";
import type { Spy, SpyCall } from "./spy.ts";

/** What a call is expected to have been; fields that are left out are not looked at. */
export interface ExpectedSpyCall<
  // deno-lint-ignore no-explicit-any -- any function can be spied on
  Self = any,
  // deno-lint-ignore no-explicit-any -- see above
  Args extends unknown[] = any[],
  // deno-lint-ignore no-explicit-any -- see above
  Return = any,
> {
  args?: [...Args, ...unknown[]];
  returned?: Return;
  self?: Self;
  error?: {
    // deno-lint-ignore no-explicit-any -- constructors of errors differ in their arguments
    Class?: new (...args: any[]) => Error;
    msgIncludes?: string;
  };
}

/** Checks how often a spy was called. */
export function assertSpyCalls<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  expectedCalls: number,
): void {
  if (spy.calls.length === expectedCalls) return;
  const firstError = spy.calls.find((call) => call.error)?.error;
  throw new AssertionError({
    message:
      `Spy was called "${spy.calls.length}" times instead of "${expectedCalls}"${
        firstError === undefined ? "" : `; it threw "${firstError.message}"`
      }`,
    actual: spy.calls.length,
    expected: expectedCalls,
  });
}

/** Checks one call of a spy. */
export function assertSpyCall<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  expected?: ExpectedSpyCall<Self, Args, Return>,
): void {
  const call = callAt(spy, callIndex);
  if (expected === undefined) return;
  checkInputs(call, expected);
  if ("returned" in expected) {
    assert.deepEqual(call.returned, expected.returned);
  }
  if (expected.error !== undefined) checkError(call.error, expected.error);
}

/** Checks one call of a spy that returns a promise. */
export async function assertSpyCallAsync<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Promise<Return>>,
  callIndex: number,
  expected?: ExpectedSpyCall<Self, Args, Promise<Return> | Return>,
): Promise<void> {
  const call = callAt(spy, callIndex);
  if (expected === undefined) return;
  checkInputs(call, expected);
  if ("returned" in expected) {
    assert.deepEqual(await call.returned, await expected.returned);
  }
  if (expected.error !== undefined) {
    const error = call.error ??
      await Promise.resolve(call.returned).then(() => undefined, (e) => e);
    checkError(error, expected.error);
  }
}

/** Checks one argument of one call, and gives it back. */
export function assertSpyCallArg<Self, Args extends unknown[], Return, Arg>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  argIndex: number,
  expected: Arg,
): Arg {
  const actual = callAt(spy, callIndex).args[argIndex];
  assert.deepEqual(actual, expected);
  return actual as Arg;
}

/** Checks the arguments of one call, all of them or `argsStart` to `argsEnd`. */
export function assertSpyCallArgs<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  expected: unknown[],
): void;
export function assertSpyCallArgs<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  argsStart: number,
  expected: unknown[],
): void;
export function assertSpyCallArgs<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  argsStart: number,
  argsEnd: number,
  expected: unknown[],
): void;
export function assertSpyCallArgs<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  callIndex: number,
  ...rest: (number | unknown[])[]
): void {
  const expected = rest.pop() as unknown[];
  const [start, end] = rest as number[];
  assert.deepEqual(callAt(spy, callIndex).args.slice(start, end), expected);
}

function callAt<Self, Args extends unknown[], Return>(
  spy: Spy<Self, Args, Return>,
  index: number,
): SpyCall<Self, Args, Return> {
  const call = spy.calls[index];
  if (call === undefined) {
    throw new AssertionError({
      message: `Spy call "${index}" does not exist`,
    });
  }
  return call;
}

function checkInputs<Self, Args extends unknown[]>(
  call: SpyCall<Self, Args>,
  expected: ExpectedSpyCall<Self, Args>,
): void {
  if (expected.args !== undefined) {
    assert.deepEqual(call.args, expected.args);
  }
  if ("self" in expected) assert.equal(call.self, expected.self);
}

function checkError(
  error: Error | undefined,
  expected: NonNullable<ExpectedSpyCall["error"]>,
): void {
  if (error === undefined) {
    throw new AssertionError({ message: "Spy call did not throw" });
  }
  if (expected.Class !== undefined) {
    assert.ok(
      error instanceof expected.Class,
      `Expected "${expected.Class.name}", got "${error.name}"`,
    );
  }
  if (expected.msgIncludes !== undefined) {
    assert.ok(
      error.message.includes(expected.msgIncludes),
      `Expected "${error.message}" to include "${expected.msgIncludes}"`,
    );
  }
}
