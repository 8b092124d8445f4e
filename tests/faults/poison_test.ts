/** A run that kills its process each time it is begun: it is given up, and its neighbours are answered. */
import assert from "node:assert/strict";
import { ask, getRun, newThread } from "../support/chat_client.ts";
import type { ServerProcess } from "../support/process.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import {
  ledgerRows,
  type ProcessRig,
  processRig,
  STEP_DEADLINE_MS,
} from "./process_rig.ts";

const TEXT = "one two three";

/** The model that the poison asks for; the upstream holds its answers back, so its death finds it begun. */
const POISON_MODEL = "held";

/** Deaths by the poison at most: two alone, and one for each halving of the group that it died with. */
const MAX_DEATHS = 6;

interface Asked {
  poison: string;
  neighbours: string[];
}

/** Asks one poisonous question among harmless ones; none is answered yet. */
async function askAmong(
  server: ServerProcess,
  neighbours: number,
  place: number,
): Promise<Asked> {
  const asked: Asked = { poison: "", neighbours: [] };
  for (let index = 0; index <= neighbours; index += 1) {
    const isPoison = index === place;
    const thread = await newThread(server);
    const { run } = await ask(server, thread.id, {
      message: { content: `question ${index}` },
      model: `fake/${isPoison ? POISON_MODEL : "fake-1"}`,
    });
    if (isPoison) asked.poison = run.id;
    else asked.neighbours.push(run.id);
  }
  return asked;
}

/**
 * Starts a server and kills it as soon as it begins the poison again, until one lives because it has
 * given the poison up.
 */
async function untilGivenUp(
  { upstream, start }: ProcessRig,
  poison: string,
): Promise<{ server: ServerProcess; deaths: number }> {
  const timesAsked = () =>
    upstream.chats().filter(({ body }) => body.model === POISON_MODEL).length;
  for (let deaths = 1; deaths <= MAX_DEATHS; deaths += 1) {
    const before = timesAsked();
    const server = await start();
    const outcome = await waitFor(
      "the poison to be begun again or given up",
      async () => {
        if (timesAsked() > before) return "begun";
        const { status } = await getRun(server, poison);
        return status !== "running" && "given up";
      },
      STEP_DEADLINE_MS,
    );
    if (outcome === "given up") return { server, deaths };
    await server.kill("SIGKILL");
  }
  throw new Error(`The poison was begun again after ${MAX_DEATHS} deaths`);
}

async function survivePoison(neighbours: number, place: number) {
  await using rig = await processRig({
    models: ["fake-1", POISON_MODEL],
    behaviour: { text: TEXT },
  });
  const { upstream, dataDir } = rig;
  upstream.hold();
  const first = await rig.start();
  const asked = await askAmong(first, neighbours, place);
  await upstream.waitForChat(neighbours);
  await first.kill("SIGKILL");
  // Answers that begin from now on are held back no more, save the poison's.
  upstream.release();
  const { server } = await untilGivenUp(rig, asked.poison);
  const epochs = new Map<string, number>();
  try {
    const poison = await getRun(server, asked.poison);
    assert.equal(poison.status, "interrupted");
    // A claim that gives up raises the epoch too, and asks nobody.
    epochs.set(poison.id, poison.epoch - 1);
    for (const id of asked.neighbours) {
      const run = await waitFor("a neighbour's end", async () => {
        const run = await getRun(server, id);
        return run.status !== "running" && run;
      }, STEP_DEADLINE_MS);
      assert.equal(run.status, "completed");
      assert.equal(run.outputText, TEXT);
      epochs.set(run.id, run.epoch);
    }
    const fresh = await newThread(server);
    const { run } = await ask(server, fresh.id, { message: { content: "x" } });
    epochs.set(run.id, 1);
    await waitFor(
      "an answer by the server that lived",
      async () => (await getRun(server, run.id)).status === "completed",
      STEP_DEADLINE_MS,
    );
  } finally {
    await server.kill("SIGKILL");
  }
  const attempts = (await ledgerRows(dataDir)).map(({ run, epoch }) =>
    `${run} ${epoch}`
  );
  const expected = [...epochs].flatMap(([run, last]) =>
    Array.from({ length: last }, (_, index) => `${run} ${index + 1}`)
  );
  assert.deepEqual(attempts.sort(), expected.sort());
}

Deno.test("poison: one of five runs kills its process each time it is begun; it ends interrupted, and its neighbours are answered", async () => {
  for (const place of [2, 0, 4].slice(0, rounds(1, 3))) {
    await survivePoison(4, place);
  }
});

Deno.test("poison: a run alone in its process is given up after two restarts", async () => {
  await survivePoison(0, 0);
});
