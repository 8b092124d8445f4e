import assert from "node:assert/strict";
import type { UsageQuestion, UsageReport } from "@/lib/usage/usage_query.ts";
import { AlertMeasures } from "./alert_measures.ts";
import { type AlertRule, effectiveAlerts } from "./alert_rules.ts";
import { GaugeWindows } from "./gauge_windows.ts";
import { type FoundTarget, ProviderFindings } from "./provider_findings.ts";
import { UsageMeasure, usageValue } from "./usage_measure.ts";

type Totals = UsageReport["totals"];

const NONE = { n: 0, p50: null, p95: null, p99: null };
const MINUTE_MS = 60_000;

function totals(more: Partial<Totals>): Totals {
  return {
    requests: 0,
    errors: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    costMicroUsd: 0,
    unpricedRequests: 0,
    estimatedRequests: 0,
    cacheHits: 0,
    joined: 0,
    savedMicroUsd: 0,
    ttftMs: NONE,
    tokensPerSecond: NONE,
    totalMs: NONE,
    overheadMs: NONE,
    ...more,
  } as Totals;
}

Deno.test("usageValue: counts of workspaces add up, and a percentile is that of the worst", () => {
  const p95 = (n: number, value: number) => ({ ...NONE, n, p95: value });
  const both = [
    totals({ requests: 90, errors: 0, costMicroUsd: 2e6, ttftMs: p95(90, 50) }),
    totals({ requests: 10, errors: 2, costMicroUsd: 1e6, ttftMs: p95(5, 900) }),
  ];
  assert.equal(usageValue("requests", both, 1), 100);
  assert.equal(usageValue("error_rate", both, 1), 0.02);
  assert.equal(usageValue("cost", both, 1), 3);
  assert.equal(usageValue("ttft_p95", both, 1), 900);
  assert.equal(usageValue("ttft_p95", both, 20), 50);
});

Deno.test("usageValue: where too little was asked shares say nothing, and counts say 0", () => {
  const few = [totals({ requests: 3, errors: 3 })];
  assert.equal(usageValue("error_rate", few, 20), null);
  assert.equal(usageValue("errors", few, 20), 3);
  assert.equal(usageValue("error_rate", [totals({})], 1), null);
  assert.equal(usageValue("requests", [], 1), 0);
});

Deno.test("UsageMeasure: a long window is read again only after a part of it has passed", async () => {
  const asked: UsageQuestion[] = [];
  const measure = new UsageMeasure({
    ask: (_, question) => {
      asked.push(question);
      return Promise.resolve({ totals: totals({}) } as UsageReport);
    },
  });
  const { signal } = new AbortController();
  const ask = (nowMs: number) =>
    measure.totals({
      workspaces: ["wsp_1"],
      windowMs: 60 * MINUTE_MS,
      where: { model: "m1" },
      nowMs,
    }, signal);
  await ask(0);
  await ask(30_000);
  assert.equal(asked.length, 1);
  await ask(MINUTE_MS);
  assert.equal(asked.length, 2);
  assert.deepEqual(asked[0].filters, { model: ["m1"] });
  assert.equal(asked[1].toMs - asked[1].fromMs, 60 * MINUTE_MS);
  // A clock that goes back is no reason to keep what is old.
  await ask(0);
  assert.equal(asked.length, 3);
});

Deno.test("GaugeWindows: one peak is levelled out, and what several processes read is put together", () => {
  const windows = new GaugeWindows();
  const read = (across: "worst" | "sum", ...values: number[]) => {
    for (const [index, value] of values.entries()) {
      windows.add(
        [
          { name: "one", values: new Map([["g", value]]) },
          { name: "two", values: new Map([["g", 1]]) },
          { name: "three", values: new Map([["g", null]]) },
        ],
        () => across,
        () => "above",
        index * 10_000,
      );
    }
  };
  read("worst", 10, 10, 310);
  assert.deepEqual(windows.read("g", 30_000, "above", 20_000), {
    value: 110,
    process: "one",
  });
  assert.equal(windows.read("g", 5_000, "above", 20_000).value, 310);
  assert.equal(windows.read("none", 30_000, "above", 20_000).value, null);
  const sums = new GaugeWindows();
  sums.add(
    [
      { name: "one", values: new Map([["g", 3]]) },
      { name: "two", values: new Map([["g", 4]]) },
    ],
    () => "sum",
    () => "above",
    0,
  );
  assert.equal(sums.read("g", 1_000, "above", 0).value, 7);
});

const target = (
  model: string,
  breaker: FoundTarget["breaker"],
  firstTokenMs: number | null = 100,
): FoundTarget => ({ provider: "a", model, breaker, firstTokenMs });

Deno.test("ProviderFindings: a model that fails is told, and a provider none of whose models works instead of them", () => {
  const found = (targets: FoundTarget[]) =>
    new ProviderFindings().find(targets, 0).map(({ metric, series }) => [
      metric,
      series,
    ]);
  assert.deepEqual(found([target("m1", "closed")]), []);
  assert.deepEqual(found([target("m1", "open"), target("m2", "closed")]), [
    ["breaker_open", "a/m1"],
  ]);
  assert.deepEqual(found([target("m1", "open"), target("m2", "half-open")]), [
    ["provider_down", "a"],
  ]);
  // Nobody has had an answer from the other one, so it speaks for nothing.
  assert.deepEqual(
    found([target("m1", "open"), target("m2", "closed", null)]),
    [["provider_down", "a"]],
  );
});

Deno.test("ProviderFindings: a provider that one process reaches is not down", () => {
  const findings = new ProviderFindings();
  const both = [target("m1", "open"), target("m1", "closed")];
  assert.deepEqual(
    findings.find(both, 0).map(({ metric }) => metric),
    ["breaker_open"],
  );
});

Deno.test("ProviderFindings: a model that nobody asks any more is forgotten after a while", () => {
  const findings = new ProviderFindings();
  const tried = [target("m1", "half-open"), target("m2", "closed")];
  assert.equal(findings.find([target("m1", "open")], 0).length, 1);
  assert.equal(findings.find(tried, 9 * MINUTE_MS).length, 1);
  assert.equal(findings.find(tried, 10 * MINUTE_MS).length, 0);
});

Deno.test("AlertMeasures: rules about the same requests are read once, and signals are of their scope", async () => {
  let reads = 0;
  const measures = new AlertMeasures({
    usage: {
      totals: () => {
        reads += 1;
        return Promise.resolve([totals({ requests: 4, errors: 1 })]);
      },
    },
    gauges: new GaugeWindows(),
    workspaces: ["wsp_1"],
    signals: [
      {
        scope: "wsp_1",
        metric: "budget_exceeded",
        series: "user:u d",
        name: "today’s budget of Ann",
        detail: null,
      },
    ],
    nowMs: 0,
    monotonicMs: 0,
  });
  const rule = (id: string, more: Record<string, unknown>): AlertRule =>
    effectiveAlerts("workspace", [], [{ id, above: 0, ...more }])
      .find((each) => each.id === id)!;
  const { signal } = new AbortController();
  const errors = rule("errors", { metric: "error_rate" });
  const [rate] = await measures.of("wsp_1", errors, signal);
  assert.equal(rate.value, 0.25);
  assert.equal(rate.detail, "1 of 4 answers failed");
  await measures.of("wsp_1", rule("asked", { metric: "requests" }), signal);
  assert.equal(reads, 1);
  const spent = rule("budget-spent", {});
  assert.equal((await measures.of("wsp_1", spent, signal)).length, 1);
  assert.deepEqual(await measures.of("wsp_2", spent, signal), []);
});
