/** Budgets over processes of their own: several at a time, and killed ones. */
import assert from "node:assert/strict";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { budgetsOf } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import type { BudgetRecord } from "@/lib/limits/budget_record.ts";
import { Ledger } from "@/lib/usage/ledger_store.ts";
import { question } from "../api/v1_rig.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

/** What an answer of 100 tokens costs: a cent, in micro-dollars. */
const CENT = 10_000;
const LIMIT = 3 * CENT;

const CONFIG = {
  titles: { enabled: false },
  cache: { policy: "off" },
  prices: [{
    model: "fake-1",
    from: "2026-01-01",
    inputPerMillionUsd: "0",
    outputPerMillionUsd: "100",
  }],
  budgets: [{ subject: "workspace:*", period: "total", usd: "0.03" }],
};

const BODY = question({ max_tokens: 100 });

/** A folder for a store, an upstream, and servers that share both. */
async function rig() {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: {
      text: "one two three four five six seven eight nine ten",
      split: false,
      usage: "own",
    },
  });
  const config = `${dataDir}/config.json`;
  await Deno.writeTextFile(config, JSON.stringify(CONFIG));
  const env = {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: upstream.url,
    FRESHET_CONFIG: config,
  };
  const read = async <T>(
    of: (store: Awaited<ReturnType<typeof openStore>>) => Promise<T>,
  ): Promise<T> => {
    const store = await openStore({ location: `${dataDir}/freshet.db` });
    try {
      return await of(store);
    } finally {
      store.close();
    }
  };
  return {
    upstream,
    start: () => startProcess(dataDir, { env }),
    /** The one budget there is. */
    record: () =>
      read(async ({ kv }) => {
        const rows = await Array.fromAsync(
          kv.list<BudgetRecord>(budgetsOf(FIRST_WORKSPACE)),
        );
        return rows[0]?.value ?? null;
      }),
    /** What all attempts together have cost, in micro-dollars. */
    ledger: () =>
      read(async (store) => {
        let cost = 0;
        const rows = new Ledger(store).rows(
          FIRST_WORKSPACE,
          0,
          Date.now() + 60_000,
          AbortSignal.timeout(10_000),
        );
        for await (const { costMicroUsd } of rows) cost += costMicroUsd ?? 0;
        return cost;
      }),
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

async function post(
  server: ServerProcess,
  headers: Record<string, string> = {},
): Promise<{ status: number; run: string | null }> {
  const response = await server.post("/v1/chat/completions", BODY, headers);
  await response.text();
  const run = response.headers.get("x-freshet-run");
  return { status: response.status, run };
}

async function begin(server: ServerProcess): Promise<string> {
  const { status, run } = await post(server, {
    "x-freshet-detach": "true",
    prefer: "respond-async",
  });
  assert.equal(status, 202);
  return run!;
}

/** Ends the servers, and waits until a new one has closed all that they had of the budget. */
async function closed(
  given: Awaited<ReturnType<typeof rig>>,
): Promise<BudgetRecord> {
  const last = await given.start();
  try {
    return await waitFor("all grants to be closed", async () => {
      const record = await given.record();
      return record !== null && Object.keys(record.grants).length === 0 &&
        record;
    });
  } finally {
    await last.kill("SIGTERM");
  }
}

Deno.test("budgets: two processes, three times the reservation and 50 callers at once give exactly three calls", async () => {
  await using given = await rig();
  {
    await using one = await given.start();
    await using other = await given.start();
    given.upstream.hold();
    const statuses: number[] = [];
    const asked = Array.from({ length: 50 }, async (_, index) => {
      const { status } = await post(index % 2 === 0 ? one : other);
      statuses.push(status);
    });
    await waitFor("47 refusals", () => statuses.length === 47);
    assert.equal(given.upstream.chats().length, 3);
    given.upstream.release();
    await Promise.all(asked);
    assert.equal(statuses.filter((status) => status === 200).length, 3);
    assert.equal(given.upstream.chats().length, 3);
    await one.kill("SIGTERM");
    await other.kill("SIGTERM");
  }
  const record = await closed(given);
  assert.equal(record.closed.microUsd, await given.ledger());
});

Deno.test("kill -9: what a dead process had of a budget is counted by what it left, and the rest is free", async () => {
  await using given = await rig();
  {
    await using survivor = await given.start();
    const runs: string[] = [];
    {
      await using victim = await given.start();
      given.upstream.hold();
      for (let each = 0; each < 3; each += 1) runs.push(await begin(victim));
      await given.upstream.waitForChat(2);
      assert.equal((await post(survivor)).status, 402);
      given.upstream.release(9);
      await waitFor("a word of each run in the store", async () => {
        const texts = await Promise.all(runs.map(async (run) => {
          const found = await survivor.fetch(`/v1/runs/${run}`);
          return (await found.json()).output_text;
        }));
        return texts.every((text) => text !== "");
      });
      await victim.kill("SIGKILL");
    }
    // Each is begun again as far as there is money for it; the words of before are paid.
    const states = async () =>
      await Promise.all(runs.map(async (run) => {
        const found = await survivor.fetch(`/v1/runs/${run}`);
        return await found.json();
      }));
    await waitFor("the runs to be taken over", async () => {
      const now = await states();
      return now.every(({ epoch }) => epoch === 2);
    });
    given.upstream.release();
    const ended = await waitFor("the runs to end", async () => {
      const now = await states();
      return now.every(({ status }) => status !== "running") && now;
    });
    const statuses = ended.map(({ status }) => status).sort();
    assert.deepEqual(statuses, ["completed", "completed", "interrupted"]);
    assert.equal(given.upstream.chats().length, 5);
    await survivor.kill("SIGTERM");
  }
  const record = await closed(given);
  assert.equal(record.closed.microUsd, await given.ledger());
  assert.ok(record.closed.microUsd <= LIMIT);
});

Deno.test("kill -9: after a restart a budget is neither forgotten nor lost", async () => {
  await using given = await rig();
  {
    await using first = await given.start();
    given.upstream.hold();
    const asked = [post(first), post(first), post(first)];
    for (const each of asked) each.catch(() => {});
    await given.upstream.waitForChat(2);
    // The attached runs have to be known to the store before their process dies.
    await waitFor("the grants", async () => await given.record() !== null);
    await first.kill("SIGKILL");
    await Promise.allSettled(asked);
  }
  given.upstream.release();
  await using second = await given.start();
  await waitFor("room for the next answer", async () => {
    const { status } = await post(second);
    return status === 200;
  });
  await second.kill("SIGTERM");
  const record = await closed(given);
  assert.equal(record.closed.microUsd, await given.ledger());
});
