import assert from "node:assert/strict";
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import { startIncarnation } from "@/lib/kv/incarnation.ts";
import { ledgerPageKey } from "@/lib/kv/keys.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { LedgerRow } from "./ledger_row.ts";
import { Ledger, ledgerEntry, writeLedgerRow } from "./ledger_store.ts";

const HOUR_MS = 3_600_000;

function row(run: string, more: Partial<LedgerRow> = {}): LedgerRow {
  return {
    run,
    epoch: 1,
    request: null,
    thread: "thr_a",
    user: null,
    key: null,
    model: "m1",
    provider: "fake",
    source: "chat",
    status: "completed",
    inputTokens: 3,
    cachedInputTokens: 0,
    outputTokens: 5,
    estimated: false,
    costMicroUsd: null,
    error: null,
    startedAt: "2026-03-01T12:00:00.000Z",
    firstTokenMs: 10,
    totalMs: 20,
    cache: null,
    ...more,
  };
}

async function openLedger() {
  const test = await openTestStore();
  const { lane } = await startIncarnation(test.store);
  const ledger = new Ledger(test.store);
  return {
    ...test,
    lane,
    write: (workspace: string, rows: LedgerRow[]) =>
      lane.write({
        ledger: rows.map((each) => ledgerEntry(workspace, each)),
        urgency: "now",
      }),
    /** Rows written within an hour of now. */
    read: async (
      workspace: string,
      { from = -HOUR_MS, to = HOUR_MS, signal = AbortSignal.timeout(10_000) } =
        {},
    ) => {
      const now = test.clock.now();
      return await Array.fromAsync(
        ledger.rows(workspace, now + from, now + to, signal),
      );
    },
  };
}

Deno.test("Ledger.rows: gives what the lane has written, in that order, of one workspace", async () => {
  using test = await openLedger();
  const rows = [row("run_1"), row("run_2", { epoch: 2 }), row("run_3")];
  await test.write("wsp_a", rows.slice(0, 2));
  await test.write("wsp_b", [row("run_other")]);
  test.clock.advance(5);
  await test.write("wsp_a", rows.slice(2));
  assert.deepEqual(await test.read("wsp_a"), rows);
});

Deno.test("writeLedgerRow: a row alone is in the store once it has resolved", async () => {
  using test = await openLedger();
  const written = row("run_1", { request: "req_1", source: "title" });
  await test.drive(writeLedgerRow(test.lane, "wsp_a", written));
  assert.deepEqual(await test.read("wsp_a"), [written]);
});

Deno.test("Ledger.rows: reads batches of several pages whole", async () => {
  using test = await openLedger();
  const long = "e".repeat(400);
  const rows = Array.from(
    { length: 150 },
    (_, index) => row(`run_${index}`, { error: long, user: long, key: long }),
  );
  await test.write("wsp_a", rows);
  assert.deepEqual(await test.read("wsp_a"), rows);
});

Deno.test("Ledger.rows: the span begins with its first millisecond and ends before its last", async () => {
  using test = await openLedger();
  await test.write("wsp_a", [row("run_1")]);
  const runs = async (from: number, to: number) =>
    (await test.read("wsp_a", { from, to })).map(({ run }) => run);
  assert.deepEqual(await runs(0, 1), ["run_1"]);
  assert.deepEqual(await runs(-HOUR_MS, 0), []);
  assert.deepEqual(await runs(1, HOUR_MS), []);
  assert.deepEqual(await runs(5, 5), []);
  assert.deepEqual(await runs(5, -5), []);
});

Deno.test("Ledger.rows: a page of a newer version is told and not left out", async () => {
  using test = await openLedger();
  const { store, clock } = test;
  const page = { v: 1, rows: [new TextEncoder().encode("[2]")] };
  const key = ledgerPageKey("wsp_a", clock.now(), "inc_other", 7);
  const written = await commit(store, new UnitOfWork().guard(key, null, page));
  assert.ok(written.ok);
  await assert.rejects(
    test.read("wsp_a"),
    (error) => error instanceof StorageError && error.code === "ledger_damaged",
  );
});

Deno.test("Ledger.rows: a signal that has aborted ends the reading", async () => {
  using test = await openLedger();
  await test.write("wsp_a", [row("run_1")]);
  const reason = new Error("enough");
  await assert.rejects(
    test.read("wsp_a", { signal: AbortSignal.abort(reason) }),
    reason,
  );
});
