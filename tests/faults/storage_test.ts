/** A store that fails under the whole app: nothing is told that is not so, and nothing is lost. */
import assert from "node:assert/strict";
import { BRIEF_FAULTS, FaultKv } from "@/lib/kv/testing/fault_kv.ts";
import {
  ask,
  askStream,
  askWhole,
  followRun,
  getMessages,
  getRun,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { assemble, readEvents } from "../support/sse.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "one two three four five six seven eight";

/** An app over a store that can be told to fail. */
async function faultyChat() {
  let kv!: FaultKv;
  const rig = await startChat({ behaviour: { text: TEXT } }, {
    wrapKv: (inner) => kv = new FaultKv(inner),
    finalDeadlineMs: 200,
    storeDeadlineMs: 300,
  });
  return {
    ...rig,
    kv,
    async [Symbol.asyncDispose]() {
      kv.heal();
      await kv.applyHeld();
      await rig[Symbol.asyncDispose]();
    },
  };
}

Deno.test("failing store: lost answers, repeated writes and false refusals change nothing that is seen", async () => {
  const first = Number(
    Deno.env.get("FAULT_SEED") ?? Math.floor(Math.random() * 1e9),
  );
  for (let seed = first; seed < first + rounds(3, 100); seed += 1) {
    await chatThroughFaults(seed);
  }
});

async function chatThroughFaults(seed: number): Promise<void> {
  await using rig = await faultyChat();
  const thread = await newThread(rig.app);
  rig.kv.randomly(seed, 0.2, { commits: BRIEF_FAULTS.commits, reads: [] });
  for (let round = 0; round < 10; round += 1) {
    const response = await askStream(rig.app, thread.id, {
      message: { content: `q${round}` },
    });
    const events = await Array.fromAsync(readEvents(response.body!));
    assert.equal(assemble(events), TEXT, `FAULT_SEED=${seed}`);
    assert.equal(events.at(-1)!.data.status, "completed", `FAULT_SEED=${seed}`);
  }
  rig.kv.heal();
  const messages = await getMessages(rig.app, thread.id);
  assert.deepEqual(
    messages.map(({ content }) => content),
    Array.from({ length: 10 }, (_, round) => [`q${round}`, TEXT]).flat(),
    `FAULT_SEED=${seed}`,
  );
}

Deno.test("failing store: the end that cannot be stored is told as an error, and stored when writes work again", async () => {
  await using rig = await faultyChat();
  rig.upstream.hold();
  const thread = await newThread(rig.app);
  const response = await askStream(rig.app, thread.id, {
    message: { content: "x" },
  });
  const events = readEvents(response.body!);
  const { runId } = (await events.next()).value!.data;
  rig.kv.randomly(1, 1, { commits: ["drop"], reads: [] });
  rig.upstream.release();
  const rest = await Array.fromAsync(events);
  const last = rest.at(-1)!;
  assert.equal(last.event, "error");
  assert.equal(last.data.code, "storage_unavailable");
  assert.ok(!rest.some(({ event }) => event === "done"));

  const ready = await rig.app.fetch("/readyz");
  assert.equal(ready.status, 503);
  const { checks } = await ready.json();
  assert.match(
    checks.find(({ name }: { name: string }) => name === "storage").reason,
    /halted/,
  );
  assert.equal((await rig.app.fetch("/healthz")).status, 200);
  const refused = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "y" },
  });
  assert.ok(
    refused.status === 503 || refused.status === 409,
    `status ${refused.status}`,
  );
  await refused.body?.cancel();

  rig.kv.heal();
  await waitFor(
    "the end to be stored",
    async () => (await getRun(rig.app, runId)).status === "completed",
  );
  assert.equal((await getRun(rig.app, runId)).outputText, TEXT);
  const replay = await followRun(rig.app, runId);
  assert.equal(assemble(replay), TEXT);
  assert.equal(replay.at(-1)!.event, "done");
  assert.equal((await getThread(rig.app, thread.id)).activeRunId, null);
  assert.equal((await rig.app.fetch("/readyz")).status, 200);
  await ask(rig.app, thread.id, { message: { content: "next" } });
});

Deno.test("failing store: a follower never gets far ahead of what is stored", async () => {
  await using rig = await faultyChat();
  const thread = await newThread(rig.app);
  rig.upstream.hold();
  const response = await askStream(rig.app, thread.id, {
    message: { content: "x" },
    model: "huge",
  });
  const events = readEvents(response.body!);
  const { runId } = (await events.next()).value!.data;
  rig.kv.randomly(1, 1, { commits: ["drop"], reads: [] });
  rig.upstream.release();
  await waitFor(
    "the store to be found failing",
    async () => (await rig.app.fetch("/readyz")).status === 503,
  );
  let characters = 0;
  const settled = async () => {
    const before = characters;
    characters = rig.app.services.hub.get(runId)!.text.length;
    await new Promise((resolve) => setTimeout(resolve, 100));
    return characters > 0 && characters === before;
  };
  await waitFor("the provider to be read no further", settled);
  assert.ok(characters <= 256 * 1024, `${characters} characters ahead`);
  rig.kv.heal();
  const rest = await Array.fromAsync(events);
  assert.equal(rest.at(-1)!.data.status, "completed");
  assert.equal(assemble(rest).length, 2 * 1024 * 1024);
});

Deno.test("failing store: a read that fails is 503 with a code, and the next one works", async () => {
  await using rig = await faultyChat();
  const { thread } = await askWhole(rig.app, "x");
  rig.kv.randomly(1, 1, { commits: [], reads: ["fail"] });
  const response = await rig.app.fetch(`/api/threads/${thread.id}`);
  rig.kv.heal();
  assert.equal(response.status, 503);
  assert.equal((await response.json()).code, "storage_unavailable");
  assert.equal((await rig.app.fetch(`/api/threads/${thread.id}`)).status, 200);
});

Deno.test("failing store: a start that cannot be stored closes the provider's socket again", async () => {
  await using rig = await faultyChat();
  const thread = await newThread(rig.app);
  rig.upstream.hold();
  rig.kv.randomly(1, 1, { commits: ["drop"], reads: [] });
  const response = await rig.app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "x" },
    model: "held",
  });
  assert.equal(response.status, 503);
  await response.body?.cancel();
  await rig.upstream.waitForHangUp(0);
  assert.equal(rig.upstream.chats()[0].hungUp, true);
});

Deno.test("a good end: nothing breaks it off afterwards", async () => {
  await using rig = await faultyChat();
  const { events } = await askWhole(rig.app, "x");
  const { runId } = events[0].data;
  // Longer than followers wait for an end that is not stored.
  await new Promise((resolve) => setTimeout(resolve, 300));
  const again = await followRun(rig.app, runId, "1.0");
  assert.equal(again.at(-1)!.event, "done");
  assert.equal(again.filter(({ event }) => event === "error").length, 0);
});
