import assert from "node:assert/strict";
import {
  formatMetric,
  formatSpan,
  ruleWords,
  spanWords,
} from "./alert_words.ts";

Deno.test("formatMetric: each unit reads as people write it", () => {
  assert.equal(formatMetric("milliseconds", 140.4), "140 ms");
  assert.equal(formatMetric("milliseconds", 2.25), "2.3 ms");
  assert.equal(formatMetric("milliseconds", 12_400), "12.4 s");
  assert.equal(formatMetric("bytes", 1_340_000_000), "1.3 GB");
  assert.equal(formatMetric("bytes", 12), "12 B");
  assert.equal(formatMetric("ratio", 0.0241), "2.4 %");
  assert.equal(formatMetric("dollars", 1234.5), "$1,234.50");
  assert.equal(formatMetric("dollars", 0.00042), "$0.00042");
  assert.equal(formatMetric("count", 1_200), "1,200");
  assert.equal(formatMetric("perSecond", 38), "38 a second");
});

Deno.test("formatSpan: the largest two units, and nothing below a second", () => {
  assert.equal(formatSpan(-5), "0 s");
  assert.equal(formatSpan(59_400), "59 s");
  assert.equal(formatSpan(59_600), "1 min");
  assert.equal(formatSpan(125_000), "2 min 5 s");
  assert.equal(formatSpan(7_500_000), "2 h 5 min");
  assert.equal(formatSpan(90_000_000), "1 d 1 h");
});

Deno.test("ruleWords: what fires, over which time, of which requests, and for how long", () => {
  const rule = {
    metric: "error_rate",
    above: 0.01,
    below: null,
    window: "5m",
    for: "2m",
    where: { model: "m1", key: "key_1" },
    minRequests: 20,
  };
  assert.equal(
    ruleWords(rule),
    "Share of failed answers above 1 % over 5 min, of model m1 and key key_1, from 20 requests on, for 2 min",
  );
  assert.equal(
    ruleWords({
      ...rule,
      metric: "tokens_per_second_p50",
      above: null,
      below: 10,
      where: {},
      minRequests: 1,
      for: "0s",
    }),
    "Tokens a second (median) below 10 a second over 5 min",
  );
  assert.equal(
    ruleWords({ ...rule, metric: "provider_down", for: "0s" }),
    "No model of a provider answers",
  );
  assert.equal(spanWords("30s"), "30 s");
});
