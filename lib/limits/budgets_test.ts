import assert from "node:assert/strict";
import type { BudgetRule } from "@/lib/config/budgets.ts";
import { AppError } from "@/lib/errors.ts";
import { budgetsOf } from "@/lib/kv/keys.ts";
import type { EnvelopeRecord } from "@/lib/kv/outbox.ts";
import type { BudgetRecord } from "./budget_record.ts";
import { BudgetReservation } from "./budget_reservation.ts";
import { SettingsBell } from "@/lib/kv/settings_bell.ts";
import {
  ask,
  type BudgetProcess,
  openProcesses,
  SUBJECTS,
  WORKSPACE,
} from "./testing/budget_processes.ts";

function rule(more: Partial<BudgetRule> = {}): BudgetRule {
  return { subject: "user:*", period: "day", softRatio: 0.8, ...more };
}

/** In these tests a token costs a micro-dollar. */
async function open(...rules: BudgetRule[]) {
  const processes = await openProcesses(rules);
  const one = await processes.begin();
  return {
    processes,
    one,
    [Symbol.dispose]: () => processes.test[Symbol.dispose](),
  };
}

async function isRefused(
  { budgets }: BudgetProcess,
  tokens: number,
): Promise<boolean> {
  try {
    const reservation = await budgets.reserve(SUBJECTS, ask(tokens));
    reservation.release();
    return false;
  } catch (error) {
    assert.ok(error instanceof AppError && error.status === 402);
    return true;
  }
}

async function records({ store }: BudgetProcess): Promise<BudgetRecord[]> {
  const rows = store.kv.list<BudgetRecord>(budgetsOf(WORKSPACE));
  return (await Array.fromAsync(rows)).map(({ value }) => value);
}

async function events({ store }: BudgetProcess, type: string) {
  const rows = store.kv.list<EnvelopeRecord>({ prefix: [WORKSPACE, "e"] });
  const envelopes = await Array.fromAsync(rows);
  return envelopes.flatMap(({ value }) => value.ev)
    .filter((event) => event.type === type);
}

Deno.test("Budgets.reserve: in the steady state the store is not asked", async () => {
  using test = await open(rule({ usd: "10" }));
  const { one } = test;
  let waited = 0;
  const requests = 5_000;
  for (let request = 0; request < requests; request += 1) {
    const reserved = one.budgets.reserve(SUBJECTS, ask(1_024, 1_024));
    if (reserved instanceof Promise) waited += 1;
    const reservation = await reserved;
    await Promise.resolve();
    reservation.settle(
      { microUsd: 100, tokens: 100 },
      one.owner.incarnation.id,
    );
    // Other work goes on between two requests.
    if (request % 20 === 0) await new Promise((go) => setImmediate(go));
  }
  await one.budgets.settled();
  assert.ok(waited <= 20, `${waited} requests waited for the store`);
});

Deno.test("Budgets.reserve: a request that keeps to no budget has nothing to wait for", async () => {
  using test = await open(rule({ subject: "key:*", usd: "1" }));
  const { one } = test;
  await one.budgets.reserve(SUBJECTS, ask(10));
  const reserved = one.budgets.reserve(SUBJECTS, ask(10));
  assert.ok(reserved instanceof BudgetReservation);
  assert.equal(reserved.note, undefined);
  assert.equal(reserved.covers(1_000_000), true);
});

Deno.test("Budgets.reserve: what one process does not use, another one gets", async () => {
  using test = await open(rule({ usd: "0.001" }));
  const { one, processes } = test;
  const other = await processes.begin();
  // It takes more than it needs at once.
  const small = await one.budgets.reserve(SUBJECTS, ask(10));
  assert.equal(await isRefused(other, 985), true);
  processes.test.clock.advance(2_000);
  await one.budgets.tidy();
  await one.budgets.settled();
  assert.equal(await isRefused(other, 985), false);
  small.release();
});

Deno.test("Budgets.reserve: an attempt is billed to the period it began in", async () => {
  using test = await open(rule({ usd: "0.0001" }));
  const { one, processes } = test;
  const late = await one.budgets.reserve(SUBJECTS, ask(100));
  one.running.set(late, { estimate: 0, row: null });
  processes.test.clock.advance(24 * 3_600_000);
  assert.equal(await isRefused(one, 100), false, "a new day, a new budget");
  await processes.end(one, late, 70);
  const finder = await processes.begin();
  await processes.bury(one);
  const closed = (await records(finder)).map(({ closed }) => closed.microUsd);
  assert.deepEqual(closed, [70, 0]);
});

Deno.test("Budgets.reserve: a period that is over is closed by its own process", async () => {
  using test = await open(rule({ usd: "0.0001" }));
  const { one, processes } = test;
  const reservation = await one.budgets.reserve(SUBJECTS, ask(50));
  one.running.set(reservation, { estimate: 0, row: null });
  await processes.end(one, reservation, 30);
  processes.test.clock.advance(24 * 3_600_000 + 10_000);
  await one.budgets.tidy();
  await one.budgets.settled();
  const [record] = await records(one);
  assert.deepEqual(record.grants, {});
  assert.equal(record.closed.microUsd, 30);
});

Deno.test("Budgets: whoever lowers a budget in one process is obeyed in another", async () => {
  using test = await open();
  const { one, processes } = test;
  const other = await processes.begin();
  const bell = new SettingsBell(other.store);
  bell.listen(() => other.settings.refresh());
  await bell.look();
  assert.equal(await isRefused(other, 1_000), false);
  const caller = {
    workspace: WORKSPACE,
    user: "usr_1",
    key: null,
    address: "",
  };
  await one.settings.set(caller, [rule({ usd: "0.0005" })], () => {});
  assert.equal(await isRefused(one, 1_000), true);
  await bell.look();
  await other.budgets.settled();
  assert.equal(await isRefused(other, 1_000), true);
  assert.equal(await isRefused(other, 500), false);
});

Deno.test("BudgetReservation.covers: an answer goes on step by step, and ends where the budget does", async () => {
  using test = await open(rule({ tokens: 250 }));
  const { one } = test;
  const reservation = await one.budgets.reserve(SUBJECTS, ask(100, 100));
  let tokens = 0;
  while (tokens < 1_000 && await reservation.covers(tokens + 1)) tokens += 1;
  assert.ok(tokens >= 190 && tokens <= 250, `${tokens} tokens`);
  assert.equal(await isRefused(one, 100), true);
  reservation.release();
  assert.equal(await isRefused(one, 100), false);
});

Deno.test("BudgetReservation.covers: where several budgets hold, the least one ends it", async () => {
  using test = await open(
    rule({ tokens: 10_000 }),
    rule({ subject: "workspace:*", period: "month", tokens: 150 }),
  );
  const { one } = test;
  const reservation = await one.budgets.reserve(SUBJECTS, ask(100, 100));
  assert.equal(await reservation.covers(50), true);
  assert.equal(await reservation.covers(101), false);
  reservation.release();
  const uses = await one.budgets.effective(SUBJECTS);
  assert.deepEqual(
    uses.map(({ budget, free }) => [budget.subject, free.tokens]).sort(),
    [["user:usr_1", 10_000], [`workspace:${WORKSPACE}`, 150]],
  );
});

Deno.test("BudgetReservation.covers: an answer longer than it was asked for gets one step beyond the budget at most", async () => {
  using test = await open(rule({ tokens: 5_000 }));
  const { one } = test;
  const reservation = await one.budgets.reserve(SUBJECTS, ask(10));
  assert.equal(reservation.covers(500), true, "an estimate may be too high");
  assert.equal(await isRefused(one, 4_990), false, "which reserves nothing");
  let tokens = 0;
  while (tokens < 9_000 && await reservation.covers(tokens + 1)) tokens += 1;
  assert.ok(tokens > 5_000 && tokens <= 5_000 + 1_024, `${tokens} tokens`);
  reservation.release();
  assert.equal(await isRefused(one, 5_000), false);
});

Deno.test("BudgetReservation.lend: who joins another's answer reserves nothing until it pays", async () => {
  using test = await open(rule({ tokens: 100 }));
  const { one } = test;
  const payer = await one.budgets.reserve(SUBJECTS, ask(100));
  const joiner = await one.budgets.lend(SUBJECTS, ask(50));
  assert.equal(await joiner.covers(1), false, "nothing is left for it");
  payer.settle({ microUsd: 20, tokens: 20 }, one.owner.incarnation.id);
  assert.equal(await joiner.covers(1), true);
  joiner.settle({ microUsd: 40, tokens: 40 }, one.owner.incarnation.id);
  const [{ spent }] = await one.budgets.effective(SUBJECTS);
  assert.equal(spent.tokens, 60);
});

Deno.test("BudgetReservation.settle: what an answer came to beyond its reservation is taken at once", async () => {
  using test = await open(rule({ tokens: 100 }));
  const { one, processes } = test;
  const other = await processes.begin();
  const reservation = await one.budgets.reserve(SUBJECTS, ask(60));
  one.running.set(reservation, { estimate: 0, row: null });
  await processes.end(one, reservation, 130);
  await one.budgets.settled();
  assert.equal(await isRefused(other, 1), true);
  assert.equal(await isRefused(one, 1), true);
});

Deno.test("BudgetReservation.writeNote: a call without a run counts as reserved when its process dies", async () => {
  using test = await open(rule({ tokens: 100 }));
  const { one, processes } = test;
  const call = await one.budgets.reserve(SUBJECTS, ask(60));
  const { lane } = one.owner.incarnation;
  await lane.write({ counters: call.writeNote(), urgency: "now" });
  const ended = await one.budgets.reserve(SUBJECTS, ask(10));
  await lane.write({ counters: ended.writeNote(), urgency: "now" });
  await lane.write({
    counters: ended.settle(
      { microUsd: 4, tokens: 4 },
      one.owner.incarnation.id,
    ),
    urgency: "now",
  });
  const other = await processes.begin();
  await processes.bury(one);
  const [record] = await records(other);
  assert.equal(record.closed.tokens, 64);
});

Deno.test("Budgets: two processes warn once of one budget", async () => {
  using test = await open(rule({ tokens: 1_000, softRatio: 0.5 }));
  const { one, processes } = test;
  const both = [one, await processes.begin()];
  for (let round = 0; round < 10; round += 1) {
    for (const process of both) {
      const reservation = await process.budgets.reserve(SUBJECTS, ask(45));
      process.running.set(reservation, { estimate: 0, row: null });
      await processes.end(process, reservation, 45);
    }
    processes.test.clock.advance(1_100);
    for (const { budgets } of both) {
      await budgets.tidy();
      await budgets.settled();
    }
  }
  const warnings = await events(one, "budget.warned");
  assert.equal(warnings.length, 1);
  const { spentTokens, limitTokens } = warnings[0].data;
  assert.equal(limitTokens, 1_000);
  assert.ok(Number(spentTokens) >= 500, `${spentTokens} tokens`);
  assert.deepEqual(await events(one, "budget.exceeded"), []);
});

Deno.test("Budgets: the end of a budget is told once for a limit, and again once it was raised", async () => {
  using test = await open(rule({ tokens: 10 }));
  const { one } = test;
  for (let each = 0; each < 3; each += 1) {
    assert.equal(await isRefused(one, 20), true);
  }
  assert.equal((await events(one, "budget.exceeded")).length, 1);
  const caller = {
    workspace: WORKSPACE,
    user: "usr_1",
    key: null,
    address: "",
  };
  await one.settings.set(caller, [rule({ tokens: 15 })], () => {});
  assert.equal(await isRefused(one, 20), true);
  assert.equal((await events(one, "budget.exceeded")).length, 2);
});
