/** Suites of `describe()`: collecting them, and running them as steps of a Deno test. */
import type { HookFn, ItOptions, TestFn } from "./bdd.ts";

export type HookName = "beforeAll" | "afterAll" | "beforeEach" | "afterEach";

export interface TestStep {
  name: string;
  options: ItOptions;
  fn: TestFn<unknown>;
}

export interface Suite {
  name: string;
  options: ItOptions;
  steps: (TestStep | Suite)[];
  hooks: Record<HookName, HookFn<unknown>[]>;
  /** Whether a test or suite inside is marked `only`. */
  hasOnly: boolean;
}

/** Hooks outside of any suite hold for every test of the file. */
const fileHooks = createSuite("", {});
const open: Suite[] = [];

export function createSuite(name: string, options: ItOptions): Suite {
  return {
    name,
    options,
    steps: [],
    hooks: { beforeAll: [], afterAll: [], beforeEach: [], afterEach: [] },
    hasOnly: false,
  };
}

/** Runs the body of a suite to collect what is inside; gives the suite around it, if any. */
export function collectSuite(suite: Suite, body: () => void): Suite | null {
  const parent = open.at(-1) ?? null;
  open.push(suite);
  try {
    body();
  } finally {
    open.pop();
  }
  if (parent !== null) {
    parent.steps.push(suite);
    parent.hasOnly ||= suite.hasOnly || suite.options.only === true;
  }
  return parent;
}

/** Adds a test to the suite that is being collected; false when there is none. */
export function addStep(step: TestStep): boolean {
  const suite = open.at(-1);
  if (suite === undefined) return false;
  suite.steps.push(step);
  suite.hasOnly ||= step.options.only === true;
  return true;
}

/** Adds a hook to the suite that is being collected, or to the file. */
export function addHook(name: HookName, fn: HookFn<unknown>): void {
  (open.at(-1) ?? fileHooks).hooks[name].push(fn);
}

interface Surroundings {
  context: object;
  beforeEach: HookFn<unknown>[];
  /** Innermost suite first. */
  afterEach: HookFn<unknown>[];
}

let fileHooksStarted: Promise<void> | null = null;

/** Runs a suite as steps of `test`; `flat` runs its one test as the test itself. */
export async function runSuite(
  suite: Suite,
  test: Deno.TestContext,
  mode: "steps" | "flat" = "steps",
): Promise<void> {
  fileHooksStarted ??= runHooks(fileHooks.hooks.beforeAll, fileContext);
  await fileHooksStarted;
  const surroundings: Surroundings = {
    context: fileContext,
    beforeEach: fileHooks.hooks.beforeEach,
    afterEach: fileHooks.hooks.afterEach,
  };
  if (mode === "steps") return await runSteps(suite, test, surroundings);
  const [step] = suite.steps as TestStep[];
  await runTest(step, test, surroundings);
}

const fileContext = {};

async function runSteps(
  suite: Suite,
  test: Deno.TestContext,
  outer: Surroundings,
): Promise<void> {
  const { hooks } = suite;
  // What a suite puts on `this` is seen by the suites inside, not by those around it.
  const inner: Surroundings = {
    context: Object.create(outer.context),
    beforeEach: [...outer.beforeEach, ...hooks.beforeEach],
    afterEach: [...hooks.afterEach, ...outer.afterEach],
  };
  try {
    await runHooks(hooks.beforeAll, inner.context);
    for (const step of suite.steps) {
      await test.step({
        ...stepOptions(step, suite),
        name: step.name,
        fn: (context) =>
          "steps" in step
            ? runSteps(step, context, inner)
            : runTest(step, context, inner),
      });
    }
  } finally {
    await runHooks(hooks.afterAll, inner.context);
  }
}

function stepOptions(
  step: TestStep | Suite,
  suite: Suite,
): Omit<Deno.TestStepDefinition, "name" | "fn"> {
  const { ignore, sanitizeOps, sanitizeResources, sanitizeExit } = step.options;
  const isWanted = step.options.only === true ||
    ("steps" in step && step.hasOnly);
  return {
    ignore: ignore === true || (suite.hasOnly && !isWanted),
    sanitizeOps,
    sanitizeResources,
    sanitizeExit,
  };
}

async function runTest(
  step: TestStep,
  test: Deno.TestContext,
  { context, beforeEach, afterEach }: Surroundings,
): Promise<void> {
  const own = Object.create(context);
  try {
    await runHooks(beforeEach, own);
    await step.fn.call(own, test);
  } finally {
    await runHooks(afterEach, own);
  }
}

async function runHooks(
  hooks: HookFn<unknown>[],
  context: object,
): Promise<void> {
  for (const hook of hooks) await hook.call(context);
}
