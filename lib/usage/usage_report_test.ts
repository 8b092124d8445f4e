import assert from "node:assert/strict";
import { usageReportMail } from "@/lib/mail/usage_report_mail.ts";
import { daysOf, isDay, spanOf } from "./report_range.ts";
import type { UsageQuestion, UsageReport } from "./usage_query.ts";
import { readUsage, type UsageGroup } from "./usage_report.ts";

Deno.test("daysOf: each range by the calendar of its zone, over the ends of months and years", () => {
  const at = (text: string) => Date.parse(text);
  const zone = "Europe/Berlin";
  // Half past midnight on Monday there, and still Sunday in UTC.
  const monday = at("2026-11-22T23:30:00Z");
  assert.deepEqual(daysOf("yesterday", monday, zone), {
    from: "2026-11-22",
    to: "2026-11-22",
  });
  assert.deepEqual(daysOf("last-week", monday, zone), {
    from: "2026-11-16",
    to: "2026-11-22",
  });
  assert.deepEqual(daysOf("last-week", monday, "UTC"), {
    from: "2026-11-09",
    to: "2026-11-15",
  });
  const newYear = at("2027-01-01T00:00:00Z");
  assert.deepEqual(daysOf("last-month", newYear, "UTC"), {
    from: "2026-12-01",
    to: "2026-12-31",
  });
  assert.deepEqual(daysOf("last-7-days", newYear, "UTC"), {
    from: "2026-12-25",
    to: "2026-12-31",
  });
  assert.deepEqual(daysOf("month-to-date", newYear, "UTC"), {
    from: "2027-01-01",
    to: "2027-01-01",
  });
});

Deno.test("spanOf: a day on which the clocks change has 23 or 25 hours", () => {
  const hours = (day: string) => {
    const span = spanOf({ from: day, to: day }, "Europe/Berlin");
    return (span.toMs - span.fromMs) / 3_600_000;
  };
  assert.deepEqual(["2026-03-29", "2026-10-25", "2026-07-01"].map(hours), [
    23,
    25,
    24,
  ]);
  // Its clocks go forward at midnight: the day begins at one.
  const skipped = spanOf(
    { from: "2026-09-06", to: "2026-09-06" },
    "America/Santiago",
  );
  assert.equal(
    new Date(skipped.fromMs).toISOString(),
    "2026-09-06T04:00:00.000Z",
  );
  assert.throws(
    () => spanOf({ from: "2026-02-30", to: "2026-03-01" }, "UTC"),
    RangeError,
  );
  assert.equal(isDay("2026-02-29"), false);
});

Deno.test("readUsage: the costliest first, then who used most, beside as long a time before", async () => {
  const asked: unknown[] = [];
  const group = (key: string, costMicroUsd: number, inputTokens: number) =>
    ({ key, costMicroUsd, inputTokens, outputTokens: 0 }) as UsageGroup;
  const query = {
    ask(_: string, question: UsageQuestion) {
      asked.push([question.fromMs, question.toMs, question.groupBy]);
      return Promise.resolve({
        totals: { requests: question.fromMs },
        groups: [group("a", 1, 5), group("b", 1, 9), group("c", 2, 0)],
        timeZone: "UTC",
      } as unknown as UsageReport);
    },
  };
  const { totals, before, models, people } = await readUsage(query, "wsp_a", {
    fromMs: 20,
    toMs: 30,
    beforeMs: 10,
    timeZone: "UTC",
  }, new AbortController().signal);
  assert.equal(totals.requests, 20);
  assert.equal(before.requests, 10);
  assert.deepEqual(models.map(({ key }) => key), ["c", "b", "a"]);
  assert.deepEqual(people.map(({ key }) => key), ["c", "b", "a"]);
  assert.deepEqual(asked, [[20, 30, "model"], [20, 30, "user"], [
    10,
    20,
    null,
  ]]);
});

const FIGURES = {
  requests: 12,
  errors: 1,
  inputTokens: 120_000,
  outputTokens: 3_400,
  costMicroUsd: 1_234_567,
  unpricedRequests: 2,
  savedMicroUsd: 0,
  activeUsers: 3,
  ttftMs: { n: 40, p50: 420, p95: 1_310 },
};

const FACTS = {
  workspace: "Hydrology <b>",
  from: "2026-11-16",
  to: "2026-11-22",
  timeZone: "Europe/Berlin",
  totals: FIGURES,
  before: { ...FIGURES, requests: 24, costMicroUsd: 1_000_000 },
  models: [{
    name: "<script>m1",
    requests: 12,
    tokens: 123_400,
    costMicroUsd: 1_234_567,
    unpriced: 2,
  }],
  people: [],
  link: "https://chat.example.org/",
};

Deno.test("usageReportMail: both parts hold the same figures, and names are text", () => {
  const { subject, text, html } = usageReportMail(FACTS);
  assert.match(subject, /\$1\.23$/);
  for (
    const figure of [
      "$1.23 (+23 %)",
      "12 (−50 %)",
      "120,000",
      "3,400",
      "2026-11-22",
      "0.4 s (95 % within 1.3 s)",
    ]
  ) {
    assert.ok(text.includes(figure), `text: ${figure}`);
    assert.ok(html.includes(figure), `html: ${figure}`);
  }
  assert.ok(!html.includes("<script>") && !html.includes("<b>"));
  assert.match(text, /<script>m1 +12 +123,400 +\$1\.23/);
  assert.match(
    usageReportMail({ ...FACTS, totals: { ...FIGURES, requests: 0 } }).text,
    /Nothing was asked/,
  );
});
