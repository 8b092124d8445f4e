/** A process that is killed at random moments: every client has one whole answer, and each attempt is in the ledger once. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import {
  ask,
  getMessages,
  getRun,
  getThread,
  newThread,
} from "../support/chat_client.ts";
import { seededRandom } from "../support/fake_upstream_random.ts";
import type { Behaviour } from "../support/fake_upstream.ts";
import type { ServerProcess } from "../support/process.ts";
import { RawFollower } from "../support/raw_follower.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";
import {
  ledgerRows,
  type ProcessRig,
  processRig,
  STEP_DEADLINE_MS,
} from "./process_rig.ts";

const SEED = Number(
  Deno.env.get("FAULT_SEED") ?? Math.floor(Math.random() * 1e9),
);

/** When a round's process is killed. */
const MOMENTS = [
  "while asking",
  "before the first token",
  "in the middle",
  "in the middle, and again while it is begun again",
  "around the end",
  "after the end",
] as const;

type Moment = typeof MOMENTS[number];

const ROUNDS = rounds(3 * MOMENTS.length, 100);
const MAX_RUNS = 5;
const MAX_TOKENS = 60;

/** Answer `number`: no two share a word, so that a mixture of two is seen. */
function answerOf(number: number, tokens: number): string {
  return Array.from({ length: tokens }, (_, token) => `a${number}.${token}`)
    .join(" ");
}

/** Answers in the order in which they are asked for, each of another length and pace. */
function answers(random: () => number): Behaviour[] {
  // Each run of each round may be asked for three times.
  const count = ROUNDS * MAX_RUNS * 3;
  return Array.from({ length: count }, (_, number) => {
    const isPaced = random() < 0.7;
    return {
      text: answerOf(number, 2 + Math.floor(random() * MAX_TOKENS)),
      firstTokenDelayMs: random() < 0.5 ? random() * 100 : undefined,
      tokensPerSecond: isPaced ? 50 + random() * 300 : undefined,
    };
  });
}

/** One question of a round, and what its client has seen. */
interface Asked {
  threadId: string;
  message: { id: string; content: string };
  follower: RawFollower | null;
}

/** How a connection ends whose server is killed. */
const CUTS = [
  Deno.errors.BrokenPipe,
  Deno.errors.ConnectionRefused,
  Deno.errors.ConnectionReset,
];

/** Follows until the connection breaks, or the run has ended. */
async function followWhileItLasts(
  server: ServerProcess,
  follower: RawFollower,
): Promise<void> {
  try {
    await follower.open(server.url);
    await follower.drain();
  } catch (error) {
    // The process was killed. What came of an event that was not whole does not count.
    if (!CUTS.some((cut) => error instanceof cut)) throw error;
  }
}

/** Asks again until there is an answer, as a client does that heard none: the id makes it one question. */
async function attach(server: ServerProcess, asked: Asked): Promise<void> {
  if (asked.follower !== null) return;
  const { threadId, message } = asked;
  const { run } = await ask(server, threadId, { message });
  asked.follower = new RawFollower(run.id);
}

async function untilMoment(
  moment: Moment,
  questions: Asked[],
  following: Promise<unknown>,
  random: () => number,
): Promise<void> {
  if (moment === "while asking" || moment === "before the first token") {
    return await pause(random() * 40);
  }
  if (moment.startsWith("in the middle")) {
    const wanted = 2 + Math.floor(random() * 10);
    await waitFor(
      "some of the answer",
      () =>
        questions.some(({ follower }) =>
          follower !== null &&
          (follower.events.length >= wanted || follower.ended)
        ),
    );
    return;
  }
  const first = questions[0].follower!;
  await waitFor("the last words", () => first.ended);
  if (moment === "around the end") return await pause(random() * 5);
  await following;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Asks, kills at the moment, and gives back the questions with what was seen of their answers. */
async function askAndKill(
  server: ServerProcess,
  moment: Moment,
  random: () => number,
): Promise<Asked[]> {
  const questions: Asked[] = [];
  for (let count = 1 + Math.floor(random() * MAX_RUNS); count > 0; count -= 1) {
    const thread = await newThread(server);
    const message = { id: newId("msg"), content: "x" };
    questions.push({ threadId: thread.id, message, follower: null });
  }
  const asking = Promise.all(
    questions.map((asked) =>
      attach(server, asked).catch((error) => {
        // So `fetch` tells that the process was killed; an answer that is wrong says something else.
        if (!(error instanceof TypeError)) throw error;
      })
    ),
  );
  if (moment !== "while asking") await asking;
  const following = asking.then(() =>
    Promise.all(
      questions.map(({ follower }) =>
        follower && followWhileItLasts(server, follower)
      ),
    )
  );
  await untilMoment(moment, questions, following, random);
  await server.kill("SIGKILL");
  await following;
  return questions;
}

/** Comes back to the answer and reads it to its end. */
async function finish(server: ServerProcess, asked: Asked): Promise<void> {
  await attach(server, asked);
  const follower = asked.follower!;
  await waitFor("the end of the answer", async () => {
    if (!follower.ended) await followWhileItLasts(server, follower);
    return follower.ended;
  }, STEP_DEADLINE_MS);
}

/** Starts the next process; at one of the moments it too is killed, while it begins the runs again. */
async function restart(
  rig: ProcessRig,
  moment: Moment,
  random: () => number,
): Promise<ServerProcess> {
  const server = await rig.start();
  if (moment !== "in the middle, and again while it is begun again") {
    return server;
  }
  await pause(random() * 300);
  await server.kill("SIGKILL");
  return await rig.start();
}

/** What the whole test knows of the answers so far. */
interface Known {
  given: Behaviour[];
  /** Texts that some run has been answered with. */
  used: Set<string>;
  /** The last epoch of each run. */
  epochs: Map<string, number>;
}

/** One answer of the upstream, whole, the same for the client, the run and the thread. */
async function assertAnswered(
  server: ServerProcess,
  { threadId, follower }: Asked,
  { given, used, epochs }: Known,
  hint: string,
): Promise<void> {
  const run = await getRun(server, follower!.runId);
  assert.equal(run.status, "completed", hint);
  assert.equal(follower!.text, run.outputText, hint);
  const number = Number(/^a(\d+)\./.exec(run.outputText)?.[1]);
  assert.equal(run.outputText, given[number]?.text, hint);
  assert.ok(!used.has(run.outputText), `${hint}: two runs have one answer`);
  used.add(run.outputText);
  epochs.set(run.id, run.epoch);
  const messages = await getMessages(server, threadId);
  const contents = messages.map(({ content }) => content);
  assert.deepEqual(contents, ["x", run.outputText], hint);
  assert.equal((await getThread(server, threadId)).activeRunId, null, hint);
}

/** Each attempt has one row, and the rows of those that died say so. */
async function assertLedger(dataDir: string, { epochs }: Known): Promise<void> {
  const rows = await ledgerRows(dataDir);
  const attempts = rows.map(({ run, epoch }) => `${run} ${epoch}`).sort();
  const expected = [...epochs].flatMap(([run, last]) =>
    Array.from({ length: last }, (_, index) => `${run} ${index + 1}`)
  ).sort();
  assert.deepEqual(attempts, expected, `FAULT_SEED=${SEED}`);
  for (const { run, epoch, status, estimated } of rows) {
    const isLast = epoch === epochs.get(run);
    assert.equal(status, isLast ? "completed" : "interrupted");
    if (!isLast) assert.equal(estimated, true);
  }
}

Deno.test("kill -9 at random moments: each question has one answer of the upstream, and each attempt one row in the ledger", async () => {
  const random = seededRandom(SEED);
  const given = answers(random);
  await using rig = await processRig({ seed: SEED });
  rig.upstream.next(...given);
  const known: Known = { given, used: new Set(), epochs: new Map() };
  let server = await rig.start();
  try {
    for (let round = 0; round < ROUNDS; round += 1) {
      const moment = MOMENTS[round % MOMENTS.length];
      const hint = `FAULT_SEED=${SEED}, round ${round}, ${moment}`;
      const questions = await askAndKill(server, moment, random);
      const finished = questions.flatMap(({ follower }) =>
        follower?.ended ? [{ id: follower.runId, text: follower.text }] : []
      );
      server = await restart(rig, moment, random);
      for (const { id, text } of finished) {
        const run = await getRun(server, id);
        assert.equal(run.status, "completed", hint);
        assert.equal(run.outputText, text, hint);
      }
      await Promise.all(questions.map((asked) => finish(server, asked)));
      for (const asked of questions) {
        await assertAnswered(server, asked, known, hint);
      }
    }
  } finally {
    await server.kill("SIGKILL");
  }
  await assertLedger(rig.dataDir, known);
});
