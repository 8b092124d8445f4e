/** Answers that another provider begins again, with other processes on the same store. */
import assert from "node:assert/strict";
import {
  ask,
  askStream,
  followRun,
  getRun,
  newThread,
} from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { startProcess } from "../support/process.ts";
import { assemble, readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import { ledgerRows } from "./process_rig.ts";

const FROM_A = "one two three four five six seven eight nine ten";
const FROM_B = "eins zwei drei vier fünf sechs sieben acht neun zehn";

/** Two providers, the route "best" from the one to the other, and a folder for a store. */
async function rig() {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const a = await startFakeUpstream({
    behaviour: { text: FROM_A, split: false, usage: "own" },
  });
  const b = await startFakeUpstream({
    behaviour: { text: FROM_B, split: false, usage: "own" },
  });
  const configPath = `${dataDir}/config.json`;
  const provider = (id: string, baseUrl: string) => ({
    id,
    baseUrl,
    apiKey: "sk-test",
    models: ["m"],
  });
  await Deno.writeTextFile(
    configPath,
    JSON.stringify({
      titles: { enabled: false },
      providers: [provider("a", a.url), provider("b", b.url)],
      routes: [{
        id: "best",
        targets: [{ provider: "a", model: "m" }, { provider: "b", model: "m" }],
      }],
    }),
  );
  return {
    dataDir,
    a,
    b,
    start: () => startProcess(dataDir, { env: { FRESHET_CONFIG: configPath } }),
    async [Symbol.asyncDispose]() {
      a.release();
      b.release();
      await a.close();
      await b.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

const QUESTION = { message: { content: "x" }, model: "best" };

Deno.test("failover: whoever follows in another process hears the reset and the second answer", async () => {
  await using given = await rig();
  given.a.next({ text: FROM_A, split: false, held: true, cutAfter: 4 });
  await using owner = await given.start();
  await using other = await given.start();
  const thread = await newThread(owner);
  const { run } = await ask(owner, thread.id, QUESTION);
  await given.a.waitForChat(0);
  given.a.release(2);
  const response = await other.fetch(`/api/runs/${run.id}/events`);
  const reading = readEvents(response.body!);
  const events = [(await reading.next()).value!, (await reading.next()).value!];
  assert.equal(events[1].event, "chunk");
  given.a.release();
  for await (const event of reading) events.push(event);
  const resets = events.filter(({ event }) => event === "reset");
  assert.deepEqual(resets.map(({ id }) => id), ["2.0"]);
  assert.equal(assemble(events), FROM_B);
  assert.equal(events.at(-1)!.event, "done");
});

Deno.test("failover: a process that dies after it leaves the run to the next, and each attempt is in the ledger once", async () => {
  await using given = await rig();
  given.a.next({ text: FROM_A, split: false, usage: "own", cutAfter: 4 });
  given.b.hold();
  let runId: string;
  {
    await using server = await given.start();
    const thread = await newThread(server);
    const response = await askStream(server, thread.id, QUESTION);
    const events = readEvents(response.body!);
    runId = (await events.next()).value!.data.runId;
    await given.b.waitForChat(0);
    given.b.release(3);
    await waitFor("text of the second attempt to be stored", async () => {
      const { value } = await events.next();
      return value?.event === "chunk" && value.id === "2.3";
    });
    await server.kill("SIGKILL");
    await events.next().catch(() => {});
  }
  {
    await using server = await given.start();
    const events = await followRun(server, runId, "2.3");
    // What was told ahead of its commit died with the process, and then is taken back by a reset of its own.
    assert.equal(events[0].event, "reset");
    const resets = events.filter(({ event }) => event === "reset");
    assert.equal(resets.at(-1)!.id, "3.0");
    assert.equal(assemble(events), FROM_A);
    const run = await getRun(server, runId);
    assert.deepEqual(
      [run.status, run.epoch, run.provider, run.outputText],
      ["completed", 3, "a", FROM_A],
    );
  }
  const rows = (await ledgerRows(given.dataDir))
    .sort((left, right) => left.epoch - right.epoch);
  assert.deepEqual(
    rows.map(({ run, epoch, status, provider }) => ({
      run,
      epoch,
      status,
      provider,
    })),
    [
      { run: runId, epoch: 1, status: "interrupted", provider: "a" },
      { run: runId, epoch: 2, status: "interrupted", provider: "b" },
      { run: runId, epoch: 3, status: "completed", provider: "a" },
    ],
  );
});
