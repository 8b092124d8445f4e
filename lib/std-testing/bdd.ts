/**
 * `describe` and `it`, a stand-in for what this project may use of jsr:@std/testing 1 `/bdd`: every
 * outermost `describe` is one Deno test, what is inside becomes its steps.
 *
 * Source: https://jsr.io/@std/testing/doc/bdd
 */
import {
  addHook,
  addStep,
  collectSuite,
  createSuite,
  type HookName,
  runSuite,
  type Suite,
} from "./bdd_suite.ts";

/** Runs around tests; `this` is shared by the hooks and tests of a suite. */
export type HookFn<T> = (this: T) => void | Promise<void>;
export type TestFn<T> = (
  this: T,
  test: Deno.TestContext,
) => void | Promise<void>;

/** Settings of a test or a suite. */
export interface ItOptions {
  name?: string;
  ignore?: boolean;
  only?: boolean;
  sanitizeOps?: boolean;
  sanitizeResources?: boolean;
  sanitizeExit?: boolean;
  permissions?: Deno.PermissionOptions;
}

interface Describe {
  (name: string, fn?: () => void): void;
  (name: string, options: ItOptions, fn?: () => void): void;
  /** Runs this suite and no others. */
  only: Describe;
  /** Leaves this suite out. */
  ignore: Describe;
  skip: Describe;
}

interface It {
  // deno-lint-ignore no-explicit-any -- each suite decides what its tests share
  <T = any>(name: string, fn: TestFn<T>): void;
  // deno-lint-ignore no-explicit-any -- see above
  <T = any>(name: string, options: ItOptions, fn: TestFn<T>): void;
  /** Runs this test and no others of its suite. */
  only: It;
  /** Leaves this test out. */
  ignore: It;
  skip: It;
}

type Arguments<Fn> = [name: string, optionsOrFn?: ItOptions | Fn, fn?: Fn];

function readArguments<Fn>(
  [name, optionsOrFn, fn]: Arguments<Fn>,
  extra: ItOptions,
): { name: string; options: ItOptions; fn: Fn | undefined } {
  const hasOptions = typeof optionsOrFn === "object" && optionsOrFn !== null;
  const options = hasOptions ? optionsOrFn as ItOptions : {};
  return {
    name,
    options: { ...options, ...extra },
    fn: hasOptions ? fn : optionsOrFn as Fn | undefined,
  };
}

function makeDescribe(
  extra: ItOptions,
): (...args: Arguments<() => void>) => void {
  return (...args) => {
    const { name, options, fn } = readArguments(args, extra);
    const suite = createSuite(name, options);
    const parent = collectSuite(suite, fn ?? (() => {}));
    if (parent === null) registerSuite(suite);
  };
}

function registerSuite(suite: Suite): void {
  const { name, options } = suite;
  Deno.test({
    ...options,
    name,
    only: options.only ?? suite.hasOnly,
    fn: (test) => runSuite(suite, test),
  });
}

function makeIt(
  extra: ItOptions,
): (...args: Arguments<TestFn<unknown>>) => void {
  return (...args) => {
    const { name, options, fn } = readArguments(args, extra);
    if (fn === undefined) {
      throw new TypeError(`The test "${name}" has no function`);
    }
    if (addStep({ name, options, fn })) return;
    // Outside of any suite a test stands for itself.
    const suite = createSuite(name, options);
    suite.steps.push({ name, options: {}, fn });
    Deno.test({
      ...options,
      name,
      fn: (test) => runSuite(suite, test, "flat"),
    });
  };
}

function withVariants<Fn extends Describe | It>(
  make: (extra: ItOptions) => unknown,
): Fn {
  const made = make({}) as Fn;
  made.only = make({ only: true }) as never;
  made.ignore = make({ ignore: true }) as never;
  made.skip = made.ignore as never;
  return made;
}

/** Groups tests; what is inside is collected at once, and run later. */
export const describe: Describe = withVariants<Describe>(makeDescribe);

/** A test. */
export const it: It = withVariants<It>(makeIt);

/** The same as `it`. */
export const test: It = it;

// deno-lint-ignore no-explicit-any -- each suite decides what its tests share
type Hook = <T = any>(fn: HookFn<T>) => void;

function makeHook(name: HookName): Hook {
  return (fn) => addHook(name, fn as HookFn<unknown>);
}

/** Runs once before the tests of a suite. */
export const beforeAll: Hook = makeHook("beforeAll");
/** The same as `beforeAll`. */
export const before: Hook = beforeAll;
/** Runs once after the tests of a suite, whether or not they failed. */
export const afterAll: Hook = makeHook("afterAll");
/** The same as `afterAll`. */
export const after: Hook = afterAll;
/** Runs before each test of a suite, after those of the suites around it. */
export const beforeEach: Hook = makeHook("beforeEach");
/** Runs after each test of a suite, before those of the suites around it. */
export const afterEach: Hook = makeHook("afterEach");
