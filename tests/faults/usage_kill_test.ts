/**
 * Processes that are killed while they answer and add up: whatever moment it is, each attempt has one row
 * in the ledger, and what is told of usage is what those rows come to.
 */
import assert from "node:assert/strict";
import { openStore } from "@/lib/kv/open.ts";
import { list } from "@/lib/kv/reads.ts";
import { unfoldedAfter } from "@/lib/kv/keys.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { UsageAnswer } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { Ledger } from "@/lib/usage/ledger_store.ts";
import { UsageLanes } from "@/lib/usage/usage_lanes_store.ts";
import { DAY_MS } from "@/lib/usage/usage_grains.ts";
import { question } from "../api/v1_rig.ts";
import { seededRandom } from "../support/fake_upstream_random.ts";
import type { ServerProcess } from "../support/process.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import { processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

const SEED = Number(
  Deno.env.get("FAULT_SEED") ?? Math.floor(Math.random() * 1e9),
);
const KILLS = rounds(1, 30);
const CLIENTS = 6;
/** Processes are killed within this time after their first answer, in milliseconds. */
const LONGEST_LIFE_MS = 1_500;

/** Asks one question after the other until the process is gone; ids of runs whose answers came whole. */
async function askOnUntilItEnds(
  server: ServerProcess,
  headers: Record<string, string>,
  answered: string[],
): Promise<void> {
  try {
    while (true) {
      const response = await server.post(
        "/v1/chat/completions",
        question({ model: "fake/fake-1", stream: true }),
        headers,
      );
      const text = await response.text();
      const isWhole = text.trimEnd().endsWith("data: [DONE]") &&
        !text.includes('"error"');
      if (isWhole) answered.push(response.headers.get("x-freshet-run")!);
    }
  } catch {
    // The process was killed: what it was asked last is nobody's to know.
  }
}

async function usageOf(server: ServerProcess): Promise<UsageAnswer> {
  const response = await server.fetch("/api/usage?groupBy=status");
  assert.equal(response.status, 200);
  return await response.json();
}

/** The ledger, what is not folded of it, and minutes that do not hold what it does. */
async function look(dataDir: string) {
  const store = await openStore({ location: `${dataDir}/freshet.db` });
  const signal = AbortSignal.timeout(STEP_DEADLINE_MS);
  const toMs = Date.now() + DAY_MS;
  try {
    const rows = await Array.fromAsync(
      new Ledger(store).rows(FIRST_WORKSPACE, 0, toMs, signal),
    );
    const left = await Array.fromAsync(
      list(store, unfoldedAfter(null), { signal }),
    );
    const different = await new UsageLanes(store)
      .differences(FIRST_WORKSPACE, 0, toMs, signal);
    return { rows, left: left.length, different };
  } finally {
    store.close();
  }
}

const sumOf = (rows: readonly LedgerRow[], value: (row: LedgerRow) => number) =>
  rows.reduce((sum, row) => sum + value(row), 0);

function assertTold({ totals, groups }: UsageAnswer, rows: LedgerRow[]): void {
  const told = {
    requests: totals.requests,
    inputTokens: totals.inputTokens,
    outputTokens: totals.outputTokens,
    estimatedRequests: totals.estimatedRequests,
    timed: totals.totalMs.n,
    byStatus: Object.fromEntries(
      groups.map(({ key, requests }) => [key, requests]),
    ),
  };
  const byStatus = Map.groupBy(rows, ({ status }) => status);
  assert.deepEqual(told, {
    requests: rows.length,
    inputTokens: sumOf(rows, (row) => row.inputTokens),
    outputTokens: sumOf(rows, (row) => row.outputTokens),
    estimatedRequests: sumOf(rows, (row) => row.estimated ? 1 : 0),
    timed: rows.length,
    byStatus: Object.fromEntries(
      [...byStatus].map(([status, own]) => [status, own.length]),
    ),
  }, `FAULT_SEED=${SEED}`);
}

Deno.test("kill -9: usage is what the ledger comes to, whenever processes are killed while they answer and add up", async () => {
  const random = seededRandom(SEED);
  await using given = await processRig({
    behaviour: { text: "one two three four five six", tokensPerSecond: 60 },
  });
  await using survivor = await given.start();
  const answered: string[] = [];
  for (let kill = 0; kill < KILLS; kill += 1) {
    await using server = await given.start();
    const asking = Array.from(
      { length: CLIENTS },
      (_, client) =>
        askOnUntilItEnds(
          server,
          client % 2 === 0 ? { "x-freshet-detach": "true" } : {},
          answered,
        ),
    );
    const before = answered.length;
    await waitFor(
      "the first answer",
      () => answered.length > before,
      STEP_DEADLINE_MS,
    );
    await new Promise((resolve) =>
      setTimeout(resolve, random() * LONGEST_LIFE_MS)
    );
    await server.kill("SIGKILL");
    await Promise.all(asking);
  }
  // Detached runs begin again with the survivor, and end there.
  let last = "";
  const { rows, different } = await waitFor("all to be folded", async () => {
    const found = await look(given.dataDir);
    const now = `${found.rows.length} ${found.left}`;
    const isResting = now === last && found.left === 0;
    last = now;
    if (!isResting) await new Promise((resolve) => setTimeout(resolve, 700));
    return isResting && found;
  }, STEP_DEADLINE_MS);
  const attempts = rows.map(({ run, epoch }) => `${run} ${epoch}`);
  assert.equal(new Set(attempts).size, attempts.length, "one row an attempt");
  const completed = new Set(
    rows.flatMap(({ run, status }) => status === "completed" ? [run] : []),
  );
  assert.deepEqual(answered.filter((run) => !completed.has(run)), []);
  assert.deepEqual(different, [], `FAULT_SEED=${SEED}`);
  assertTold(
    await waitFor("usage to be told", async () => {
      const usage = await usageOf(survivor);
      return usage.totals.requests === rows.length && usage;
    }),
    rows,
  );
  // A process that was not there tells the same, and nothing was folded anew.
  await survivor.kill("SIGKILL");
  await using next = await given.start();
  await waitFor("the same usage", async () => {
    const usage = await usageOf(next);
    if (usage.totals.requests !== rows.length) return false;
    assertTold(usage, rows);
    return true;
  }, STEP_DEADLINE_MS);
});
