/** Erasures whose process is killed: another one, or the next, goes on with them. */
import assert from "node:assert/strict";
import { allOf, erasures } from "@/lib/kv/keys.ts";
import { openStore } from "@/lib/kv/open.ts";
import { LOCAL_SPACE } from "@/lib/shared/spaces.ts";
import { ask, followRun, newThread } from "../support/chat_client.ts";
import { json } from "../support/thread_client.ts";
import type { ServerProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import { processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

const THREADS = 24;
const UPSTREAM = {
  models: ["fake-1"],
  behaviour: { text: "Wasserstand ".repeat(4_000), split: false },
};

/** Threads with texts that are kept in parts. */
async function fill(server: ServerProcess): Promise<void> {
  await Promise.all(Array.from({ length: THREADS }, async () => {
    const { id } = await newThread(server);
    const content = "Pegel ".repeat(8_000);
    const { run } = await ask(server, id, { message: { content } });
    await followRun(server, run.id);
  }));
}

async function order(server: ServerProcess): Promise<void> {
  await json(await server.fetch("/api/me/data", { method: "DELETE" }), 202);
}

const isDone = async (server: ServerProcess) =>
  !(await json<{ deleting: boolean }>(await server.fetch("/api/me/data")))
    .deleting;

/** What is left in the store of a process that has ended. */
async function leftIn(dataDir: string) {
  const store = await openStore({ location: `${dataDir}/freshet.db` });
  try {
    const own = await Array.fromAsync(
      store.kv.list(allOf(LOCAL_SPACE)),
      ({ key }) => String(key[1]),
    );
    const parts = store.kv.list({ prefix: ["sys", "bl"] });
    const orders = store.kv.list<{ phase: string }>(erasures());
    return {
      // The outbox and receipts of 24 hours hold ids alone, the index is about to go.
      kinds: [...new Set(own)].filter((kind) =>
        !["e", "et", "ik", "gg", "sx", "sg", "sw"].includes(kind)
      ),
      parts: (await Array.fromAsync(parts)).length,
      phases: await Array.fromAsync(orders, ({ value }) => value.phase),
    };
  } finally {
    store.close();
  }
}

/** It is looked at once more after an hour. */
const NOTHING = { kinds: [], parts: 0, phases: ["late"] };

Deno.test("erasure: goes on where a killed process was, however often", async () => {
  await using rig = await processRig(UPSTREAM);
  let server = await rig.start();
  await fill(server);
  await order(server);
  let kills = 0;
  // Each process gets a little further.
  for (let delayMs = 0; delayMs <= 60; delayMs += 20) {
    if (await isDone(server)) break;
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await server.kill("SIGKILL");
    kills += 1;
    server = await rig.start();
  }
  assert.ok(kills > 0, "nothing was killed");
  await waitFor("the end", () => isDone(server), STEP_DEADLINE_MS);
  await server.kill("SIGTERM");
  assert.deepEqual(await leftIn(rig.dataDir), NOTHING);
});

Deno.test("erasure: of two processes one ends what the other was killed at", async () => {
  await using rig = await processRig(UPSTREAM);
  const one = await rig.start();
  await using other = await rig.start();
  await fill(one);
  await order(one);
  await one.kill("SIGKILL");
  const listed = await json<{ items: unknown[] }>(
    await other.fetch("/api/threads"),
  );
  assert.ok(listed.items.length <= THREADS);
  await waitFor("the end", () => isDone(other), STEP_DEADLINE_MS);
  await other.kill("SIGTERM");
  assert.deepEqual(await leftIn(rig.dataDir), NOTHING);
});
