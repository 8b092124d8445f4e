/** describe and it: order of hooks, `this`, and what is left out. */
import assert from "node:assert/strict";
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  it,
} from "./bdd.ts";
import { collectSuite, createSuite, runSuite } from "./bdd_suite.ts";

const log: string[] = [];

interface Shared {
  value: number;
}

describe("outer", () => {
  beforeAll(() => void log.push("outer beforeAll"));
  beforeEach<Shared>(function () {
    this.value = 1;
    log.push("outer beforeEach");
  });
  afterEach(() => void log.push("outer afterEach"));
  afterAll(() => void log.push("outer afterAll"));

  it<Shared>("first", function () {
    log.push(`first ${this.value}`);
    this.value = 99;
  });

  describe("inner", () => {
    beforeEach<Shared>(function () {
      this.value++;
      log.push("inner beforeEach");
    });
    afterEach(() => void log.push("inner afterEach"));
    it<Shared>("second", async function (test) {
      await Promise.resolve();
      log.push(`${test.name} ${this.value}`);
    });
    it.skip("left out", () => assert.fail("This test was to be skipped"));
  });

  describe.ignore("ignored suite", () => {
    it("left out", () => assert.fail("This suite was to be skipped"));
  });
});

it("describe and it: everything ran in order", () => {
  assert.deepEqual(log, [
    "outer beforeAll",
    "outer beforeEach",
    "first 1",
    "outer afterEach",
    "outer beforeEach",
    "inner beforeEach",
    "second 2",
    "inner afterEach",
    "outer afterEach",
    "outer afterAll",
  ]);
});

Deno.test("it.only: the others of its suite are left out", async (test) => {
  // Run by hand, because Deno fails a run in which a test is marked only.
  const suite = createSuite("suite", {});
  const ran: string[] = [];
  collectSuite(suite, () => {
    it("left out", () => assert.fail("Another test is marked only"));
    describe("inside", () => {
      it.only("wanted", () => void ran.push("wanted"));
    });
  });
  await runSuite(suite, test);
  assert.deepEqual(ran, ["wanted"]);
});

Deno.test("afterAll and afterEach: run although the test failed", async () => {
  const ran: string[] = [];
  const suite = createSuite("suite", {});
  collectSuite(suite, () => {
    afterEach(() => void ran.push("afterEach"));
    afterAll(() => void ran.push("afterAll"));
    it("fails", () => {
      throw new Error("as it should");
    });
  });
  // A context that lets the failing step end without failing this test.
  const context = {
    step: async ({ fn }: Deno.TestStepDefinition) => {
      await assert.rejects(async () => await fn(context), /as it should/);
      return false;
    },
  } as unknown as Deno.TestContext;
  await runSuite(suite, context);
  assert.deepEqual(ran, ["afterEach", "afterAll"]);
});
