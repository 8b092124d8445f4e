import assert from "node:assert/strict";
import type { TargetRow } from "./health_store.ts";
import { judgeProviders, providersOf } from "./provider_health.ts";

const target = (
  model: string,
  more: Partial<TargetRow> = {},
): TargetRow => ({
  provider: "a",
  model,
  breaker: "closed",
  failures: 0,
  coolingMs: 0,
  firstTokenMs: 100,
  inFlight: 1,
  connections: { inUse: 3, waiting: 0 },
  ...more,
});

Deno.test("providersOf: a model is as bad as the worst process has it, with how many leave it alone", () => {
  const [{ models: [model] }] = providersOf([
    { targets: [target("m")], tries: [] },
    { targets: [target("m", { breaker: "open", failures: 5 })], tries: [] },
    { targets: [target("m", { breaker: "half-open" })], tries: [] },
  ]);
  assert.equal(model.breaker, "open");
  assert.equal(model.openIn, 1);
  assert.equal(model.askedBy, 3);
  assert.equal(model.inFlight, 3);
});

Deno.test("providersOf: connections that models of a provider share count once for each process", () => {
  const both = { targets: [target("m"), target("n")], tries: [] };
  const [provider] = providersOf([both, both]);
  assert.equal(provider.connections.inUse, 6);
});

Deno.test("providersOf: a provider of which only tries are known is there too", () => {
  const [provider] = providersOf([
    { targets: [], tries: [{ provider: "b", tries: 4, failures: 1 }] },
    { targets: [], tries: [{ provider: "b", tries: 6, failures: 2 }] },
  ]);
  assert.equal(provider.id, "b");
  assert.equal(provider.tries, 10);
  assert.equal(provider.failures, 3);
});

Deno.test("judgeProviders: down when all its models are left alone, a warning when one is", () => {
  const open = { breaker: "open" } as const;
  const judge = (...targets: TargetRow[]) =>
    judgeProviders(providersOf([{ targets, tries: [] }])).map((
      { id, level },
    ) => [id, level]);
  assert.deepEqual(judge(target("m", open), target("n", open)), [
    ["provider-a", "critical"],
  ]);
  assert.deepEqual(judge(target("m", open), target("n")), [
    ["model-a/m", "warning"],
  ]);
  assert.deepEqual(judge(target("m")), []);
});

Deno.test("judgeProviders: failing often is told of, but not out of a handful of tries", () => {
  const judge = (tries: number, failures: number) =>
    judgeProviders(
      providersOf([{
        targets: [],
        tries: [{ provider: "a", tries, failures }],
      }]),
    ).length;
  assert.equal(judge(4, 4), 0);
  assert.equal(judge(10, 2), 1);
  assert.equal(judge(100, 5), 0);
});
