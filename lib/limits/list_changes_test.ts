import assert from "node:assert/strict";
import { eventsAfter } from "@/lib/kv/keys.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { BudgetSettings } from "./budget_settings.ts";
import { LimitSettings } from "./limit_settings.ts";
import { PriceSettings } from "./price_settings.ts";

const CALLER = {
  workspace: FIRST_WORKSPACE,
  user: "usr_1",
  key: null,
  address: "192.0.2.1",
};

/** What the audit log is told of changes, by `change`. */
async function told(store: Store): Promise<Map<string, string[]>> {
  const events: [string, string][] = [];
  const rows = list<EnvelopeRecord>(store, eventsAfter(FIRST_WORKSPACE, null));
  for await (const { value } of rows) {
    for (const { subject, data } of value.ev) {
      const { change } = data.details as { change: string };
      events.push([change, subject]);
    }
  }
  const byChange = Map.groupBy(events, ([change]) => change);
  return new Map(
    [...byChange].map(([change, all]) => [
      change,
      all.map(([, subject]) => subject),
    ]),
  );
}

const accept = () => {};

Deno.test("LimitSettings: each change is told, and nothing of what stays", async () => {
  using test = await openTestStore();
  const settings = new LimitSettings(test.store, []);
  await settings.set(CALLER, [
    { subject: "key:*", requestsPerMinute: 1 },
    { subject: "user:*", requestsPerMinute: 1 },
    { subject: "group:*", requestsPerMinute: 1 },
  ], accept);
  await settings.set(CALLER, [
    { subject: "key:*", requestsPerMinute: 1 },
    { subject: "user:*", requestsPerMinute: 2 },
  ], accept);
  assert.deepEqual(
    await told(test.store),
    new Map([
      ["added", ["key:*", "user:*", "group:*"]],
      ["changed", ["user:*"]],
      ["removed", ["group:*"]],
    ]),
  );
});

const COUNT = 300;
const subjects = Array.from(
  { length: COUNT },
  (_, index) => `user:usr_${String(index).padStart(22, "0")}`,
);

/** What sets a list of many entries, by the name of the list. */
const SETS: Record<string, (store: Store, amount: number) => Promise<unknown>> =
  {
    limits: (store, amount) =>
      new LimitSettings(store, []).set(
        CALLER,
        subjects.map((subject) => ({ subject, requestsPerMinute: amount })),
        accept,
      ),
    budgets: (store, amount) =>
      new BudgetSettings(store, []).set(
        CALLER,
        subjects.map((subject) => ({
          subject,
          period: "month",
          usd: String(amount),
          softRatio: 0.8,
        })),
        accept,
      ),
    prices: (store, amount) =>
      new PriceSettings(store, [], new PriceList([])).set(
        CALLER,
        subjects.map((model) => ({
          model,
          from: "2026-01-01",
          inputPerMillionUsd: String(amount),
          outputPerMillionUsd: "1",
        })),
        accept,
      ),
  };

for (const [name, set] of Object.entries(SETS)) {
  Deno.test(`${name}: ${COUNT} of them are set at once, and the audit log says of how many it tells no more`, async () => {
    using test = await openTestStore();
    for (const amount of [1, 2]) await set(test.store, amount);
    let seen = 0;
    for (const [change, of] of await told(test.store)) {
      const more = /^and (\d+) more$/.exec(change)?.[1];
      seen += more === undefined ? of.length : Number(more) * of.length;
    }
    assert.equal(seen, 2 * COUNT);
  });
}
