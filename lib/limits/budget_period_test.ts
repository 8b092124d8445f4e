import assert from "node:assert/strict";
import { periodAt, resetWords } from "./budget_period.ts";
import { periodOfName } from "./budget_rules.ts";

const at = (text: string) => Date.parse(text);

Deno.test("periodAt: days, weeks from Monday, months, by UTC", () => {
  const cases: [Parameters<typeof periodAt>[0], string, string, string][] = [
    ["day", "2026-11-21T23:59:59.999Z", "2026-11-21", "2026-11-22"],
    ["day", "2026-11-22T00:00:00Z", "2026-11-22", "2026-11-23"],
    ["week", "2026-11-22T23:59:59Z", "2026-11-16w", "2026-11-23"],
    ["week", "2026-11-23T00:00:00Z", "2026-11-23w", "2026-11-30"],
    ["week", "2027-01-01T12:00:00Z", "2026-12-28w", "2027-01-04"],
    ["month", "2026-12-31T23:59:59Z", "2026-12", "2027-01-01"],
    ["month", "2028-02-29T00:00:00Z", "2028-02", "2028-03-01"],
  ];
  for (const [period, moment, name, end] of cases) {
    const span = periodAt(period, at(moment));
    assert.equal(span.name, name);
    assert.equal(span.endsAtMs, at(`${end}T00:00:00Z`), moment);
    assert.equal(periodOfName(span.name), period);
  }
});

Deno.test("periodAt: all of time has no end", () => {
  const span = periodAt("total", Date.now());
  assert.deepEqual(span, { name: "total", period: "total", endsAtMs: null });
  assert.equal(resetWords(span, Date.now()), null);
  assert.equal(periodOfName(span.name), "total");
});

Deno.test("resetWords: says in words and as RFC 3339 when a budget begins anew", () => {
  const span = periodAt("day", at("2026-11-21T10:00:00Z"));
  const cases: [string, string][] = [
    ["2026-11-21T10:00:00Z", "in 14 hours"],
    ["2026-11-21T22:45:00Z", "in 75 minutes"],
    ["2026-11-21T23:59:50Z", "in 1 minute"],
  ];
  for (const [now, words] of cases) {
    assert.deepEqual(resetWords(span, at(now)), {
      words,
      resetsAt: "2026-11-22T00:00:00Z",
    });
  }
  const month = periodAt("month", at("2026-11-21T10:00:00Z"));
  const reset = resetWords(month, at("2026-11-21T10:00:00Z"));
  assert.equal(reset?.words, "in 10 days");
});
