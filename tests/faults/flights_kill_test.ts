/** A process that dies while several of its runs share a call: all of them begin again, and share again. */
import assert from "node:assert/strict";
import { ask, followRun, getRun, newThread } from "../support/chat_client.ts";
import { waitFor } from "../support/wait.ts";
import { ledgerRows, processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

const TEXT = "one two three four five six seven eight nine ten";
const QUESTION = {
  message: { content: "How high is the river?" },
  model: "fake/fake-1",
  params: { temperature: 0 },
};

Deno.test("kill -9: runs that share a call all get a whole answer, and no attempt is billed twice", async () => {
  await using rig = await processRig({
    behaviour: { text: TEXT, split: false, usage: "own" },
  });
  const runs: string[] = [];
  {
    await using server = await rig.start();
    rig.upstream.hold();
    for (let count = 0; count < 3; count += 1) {
      const thread = await newThread(server);
      const { run } = await ask(server, thread.id, QUESTION);
      assert.equal(run.cache, count === 0 ? "miss" : "joined");
      runs.push(run.id);
    }
    rig.upstream.release(3);
    await waitFor("three words of each run", async () => {
      const texts = await Promise.all(
        runs.map(async (id) => (await getRun(server, id)).outputText),
      );
      return texts.every((text) => text.includes("three"));
    });
    await server.kill("SIGKILL");
  }
  await using server = await rig.start();
  // Runs of a dead process begin again in groups: all are there before the answer ends.
  for (const id of runs) {
    await waitFor(
      "the run to begin again",
      async () => (await getRun(server, id)).epoch === 2,
      STEP_DEADLINE_MS,
    );
  }
  rig.upstream.release();
  for (const id of runs) {
    await followRun(server, id);
    const run = await getRun(server, id);
    assert.equal(run.status, "completed");
    assert.equal(run.outputText, TEXT);
  }
  assert.equal(rig.upstream.chats().length, 2, "one call of each process");
  const { usage } = await getRun(server, runs[0]);
  await server.kill("SIGTERM");
  const rows = await ledgerRows(rig.dataDir);
  assert.equal(rows.length, 2 * runs.length);
  for (const epoch of [1, 2]) {
    const paying = rows.filter((row) =>
      row.epoch === epoch && row.inputTokens + row.outputTokens > 0
    );
    assert.equal(paying.length, 1, `epoch ${epoch}`);
    if (epoch === 2) {
      assert.equal(paying[0].outputTokens, usage!.outputTokens);
    }
  }
});
