/** What a question on usage reads of the store does not grow with what was used. */
import assert from "node:assert/strict";
import { openStore } from "@/lib/kv/open.ts";
import { CountedKv } from "@/lib/kv/testing/counted_kv.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { DAY_MS } from "@/lib/usage/usage_grains.ts";
import { UsageQuery, type UsageQuestion } from "@/lib/usage/usage_query.ts";
import { UsageStore } from "@/lib/usage/usage_store.ts";
import {
  historyName,
  PastClock,
  writeHistory,
} from "../support/usage_history.ts";

const DAYS = 20;
const FEW = 1_000;
const MANY = 200_000;

/** What pages ask. */
const ASKED: Readonly<Record<string, Partial<UsageQuestion>>> = {
  "in all": {},
  "by model": { groupBy: "model" },
  "by model in Berlin": { groupBy: "model", timeZone: "Europe/Berlin" },
  "by person": { groupBy: "user", times: "totals" },
  "by person with percentiles": { groupBy: "user" },
  "by key": { groupBy: "key", times: "totals" },
  "one's own by model": {
    groupBy: "model",
    filters: { user: [historyName.user(0)] },
  },
  "of a key by model": {
    groupBy: "model",
    filters: { key: [historyName.key(0)] },
  },
  "failures by model": { groupBy: "model", filters: { status: ["failed"] } },
  "of a model by person": {
    groupBy: "user",
    times: "totals",
    filters: { model: [historyName.model(0)] },
  },
};

/** How often each question reads a store with so many rows. */
async function readsOf(rows: number): Promise<Record<string, number>> {
  const clock = new PastClock();
  let kv!: CountedKv;
  const store = await openStore({
    location: ":memory:",
    clock,
    wrap: (inner) => kv = new CountedKv(inner),
  });
  const shape = { users: 40, models: 4, keys: 8, burstsPerDay: 2 };
  await writeHistory(store, clock, { ...shape, rows, days: DAYS });
  const { signal } = new AbortController();
  const reads: Record<string, number> = {};
  for (const [name, asked] of Object.entries(ASKED)) {
    // Nothing that was asked before is at hand.
    const query = new UsageQuery({
      store: new UsageStore(store),
      groupsOf: () => Promise.resolve(() => []),
    });
    const before = kv.reads;
    const toMs = clock.now();
    const { totals } = await query.ask(FIRST_WORKSPACE, {
      fromMs: toMs - (DAYS + 1) * DAY_MS,
      toMs,
      bucket: "day",
      timeZone: "UTC",
      groupBy: null,
      filters: {},
      series: 8,
      ...asked,
    }, signal);
    reads[name] = kv.reads - before;
    assert.ok(totals.requests > 0, name);
    if (asked.filters === undefined) assert.equal(totals.requests, rows, name);
  }
  store.close();
  return reads;
}

Deno.test("UsageQuery.ask: each question of the pages reads the store as often at many rows as at 1,000", async () => {
  const few = await readsOf(FEW);
  assert.deepEqual(await readsOf(MANY), few);
  for (const [name, reads] of Object.entries(few)) {
    assert.ok(reads <= 60, `${name}: ${reads}`);
  }
});
