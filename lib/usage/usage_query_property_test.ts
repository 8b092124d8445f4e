/** A report is what the ledger's rows of its span come to, in any time zone and at any age. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { seededRandom } from "@/lib/kv/testing/random.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { addValue, percentile } from "./histogram.ts";
import { Ledger, writeLedgerRow } from "./ledger_store.ts";
import { randomRow } from "./testing/random_row.ts";
import { type Bucket, bucketStarts } from "./usage_buckets.ts";
import { UsageFold } from "./usage_fold.ts";
import { UsageQuery, type UsageQuestion } from "./usage_query.ts";
import { UsageRollup } from "./usage_rollup.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "./usage_grains.ts";
import { UsageStore } from "./usage_store.ts";

const SPACE = "wsp_a";
const ROWS = 200;
const ZONES = [
  "UTC",
  "Europe/Berlin",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "America/St_Johns",
];

/** Rows over so many days, told by the sums and by the ledger itself. */
async function openUsage(seed: number, days: number) {
  const test = await openTestStore();
  const { clock, store } = test;
  const random = seededRandom(seed);
  const incarnation = await test.drive(startIncarnation(store));
  const owner = { incarnation, subscribe: () => () => {} } as unknown as Owner;
  const fold = new UsageFold({ owner, clock, log: silentLogger() });
  fold.start();
  const usage = new UsageStore(store);
  const rollup = new UsageRollup({
    store: usage,
    owner,
  });
  const { signal } = new AbortController();
  for (let number = 0; number < ROWS; number += 1) {
    clock.advance(2 * random() * days * DAY_MS / ROWS);
    await test.drive(
      writeLedgerRow(incarnation.lane, SPACE, randomRow(number, random)),
    );
    await test.drive(fold.flush());
    await test.drive(rollup.sumUp(signal));
  }
  // What is kept no longer is gone.
  const { lane } = incarnation;
  while (await test.drive(usage.sweepMinutes(SPACE, lane, signal)) > 0);
  for (const grain of ["quarter", "hour"] as const) {
    while (
      await test.drive(usage.sums.sweep(SPACE, grain, lane, signal)) > 0
    );
  }
  return { ...test, test, usage, ledger: new Ledger(store), signal };
}

const question = fc.record({
  bucket: fc.constantFrom<Bucket>("minute", "hour", "day"),
  timeZone: fc.constantFrom(...ZONES),
  fromAgo: fc.double({ min: 0, max: 1, noNaN: true }),
  toAgo: fc.double({ min: 0, max: 1, noNaN: true }),
  user: fc.option(fc.constantFrom("usr_0", "usr_1")),
});

for (const days of [1, 40, 200]) {
  Deno.test(`UsageQuery: totals and series over ${days} days are those of the ledger's rows`, async () => {
    const { clock, usage, ledger, signal, test } = await openUsage(7, days);
    using _ = test;
    const query = new UsageQuery({
      store: usage,
      groupsOf: () => Promise.resolve(() => []),
    });
    const nowMs = clock.now();
    await fc.assert(
      fc.asyncProperty(question, async (asked) => {
        const [fromMs, toMs] = [asked.fromAgo, asked.toAgo]
          .map((ago) => Math.round(nowMs - ago * days * DAY_MS))
          .sort((left, right) => left - right);
        const lengthMs = asked.bucket === "minute" ? MINUTE_MS : HOUR_MS;
        // Nobody is shown more than some thousand buckets.
        const nearMs = Math.max(fromMs, toMs - 2_000 * lengthMs);
        const full: UsageQuestion = {
          fromMs: asked.bucket === "day" ? fromMs : nearMs,
          toMs,
          bucket: asked.bucket,
          timeZone: asked.timeZone,
          groupBy: "model",
          filters: asked.user === null ? {} : { user: [asked.user] },
          series: 1,
        };
        const report = await query.ask(SPACE, full, signal);
        await isExact(report, full);
      }),
      { numRuns: 25 },
    );

    async function isExact(
      report: Awaited<ReturnType<UsageQuery["ask"]>>,
      { filters }: UsageQuestion,
    ) {
      const { fromMs, toMs, bucket, timeZone } = report;
      const starts = bucketStarts(fromMs, toMs, bucket, timeZone);
      const wanted = new Map<number, [number, number]>();
      let requests = 0;
      const users = new Set<string>();
      const totalMs = new Map<number, number>();
      for (const [place, start] of starts.entries()) {
        const end = starts[place + 1] ?? toMs;
        for await (const row of ledger.rows(SPACE, start, end, signal)) {
          if (filters.user && !filters.user.includes(row.user!)) continue;
          const [count, tokens] = wanted.get(start) ?? [0, 0];
          wanted.set(start, [count + 1, tokens + row.outputTokens]);
          requests += 1;
          users.add(row.user!);
          addValue(totalMs, row.totalMs);
        }
      }
      const told = new Map<number, [number, number]>();
      for (const { startMs, requests, outputTokens } of report.series) {
        const [count, tokens] = told.get(startMs) ?? [0, 0];
        told.set(startMs, [count + requests, tokens + outputTokens]);
      }
      assert.deepEqual([...told].sort(), [...wanted].sort());
      assert.equal(report.totals.requests, requests);
      assert.equal(report.totals.activeUsers, users.size);
      assert.deepEqual(report.totals.totalMs, {
        n: requests,
        p50: percentile(totalMs, 0.5),
        p95: percentile(totalMs, 0.95),
        p99: percentile(totalMs, 0.99),
      });
      assert.equal(
        report.series.reduce((sum, { totalMs }) => sum + totalMs.n, 0),
        requests,
      );
      assert.equal(
        report.groups.reduce((sum, group) => sum + group.requests, 0),
        requests,
      );
    }
  });
}
