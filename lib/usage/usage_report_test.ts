import assert from "node:assert/strict";
import { usageReportMail } from "@/lib/mail/usage_report_mail.ts";
import type { LedgerRow } from "./ledger_row.ts";
import { daysOf, isDay, spanOf } from "./report_range.ts";
import { readUsage } from "./usage_report.ts";

const signal = new AbortController().signal;

function row(more: Partial<LedgerRow>): LedgerRow {
  return {
    run: "run_a",
    epoch: 1,
    request: null,
    thread: null,
    user: "usr_a",
    key: null,
    model: "m1",
    provider: "p",
    source: "chat",
    status: "completed",
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 5,
    estimated: false,
    costMicroUsd: 1_000_000,
    error: null,
    startedAt: "2026-11-20T10:00:00.000Z",
    firstTokenMs: 1,
    totalMs: 2,
    cache: null,
    ...more,
  };
}

function ledgerOf(rows: readonly LedgerRow[]) {
  return {
    async *rows() {
      yield* rows;
      await Promise.resolve();
    },
  };
}

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

Deno.test("readUsage: adds up by model and person, and tells what has no price apart", async () => {
  const { totals, models, people } = await readUsage(
    ledgerOf([
      row({}),
      row({ model: "m2", costMicroUsd: 3_000_000, user: "usr_b" }),
      row({ model: "m3", costMicroUsd: null, status: "failed", user: null }),
      row({ cache: "hit-l1", costMicroUsd: 0, savedMicroUsd: 7 }),
    ]),
    "wsp_a",
    { fromMs: 0, toMs: 1 },
    signal,
  );
  assert.deepEqual(totals, {
    requests: 4,
    errors: 1,
    inputTokens: 40,
    outputTokens: 20,
    costMicroUsd: 4_000_000,
    unpriced: 1,
    cacheHits: 1,
    savedMicroUsd: 7,
  });
  assert.deepEqual(models.map(({ key }) => key), ["m2", "m1", "m3"]);
  assert.deepEqual(people.map(({ key }) => key), ["usr_b", "usr_a", ""]);
});

Deno.test("readUsage: 100,000 rows leave the loop to others in between", async () => {
  const rows = Array.from({ length: 100_000 }, () => row({}));
  let turns = 0;
  const timer = setInterval(() => turns += 1, 1);
  await readUsage(ledgerOf(rows), "wsp_a", { fromMs: 0, toMs: 1 }, signal);
  clearInterval(timer);
  assert.ok(turns >= 3, `${turns} turns`);
});

const FACTS = {
  workspace: "Hydrology <b>",
  from: "2026-11-16",
  to: "2026-11-22",
  timeZone: "Europe/Berlin",
  requests: 12,
  errors: 1,
  inputTokens: 120_000,
  outputTokens: 3_400,
  costMicroUsd: 1_234_567,
  unpriced: 2,
  savedMicroUsd: 0,
  costBeforeMicroUsd: 1_000_000,
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
  for (const figure of ["$1.23", "120,000", "3,400", "(+23 %)", "2026-11-22"]) {
    assert.ok(text.includes(figure), `text: ${figure}`);
    assert.ok(html.includes(figure), `html: ${figure}`);
  }
  assert.ok(!html.includes("<script>") && !html.includes("<b>"));
  assert.match(text, /<script>m1 +12 +123,400 +\$1\.23/);
  assert.match(
    usageReportMail({ ...FACTS, requests: 0 }).text,
    /Nothing was asked/,
  );
});
