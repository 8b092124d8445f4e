/**
 * What people notice of a running answer, over HTTP against the built server in processes of its own:
 * how soon a client that comes back has the first byte it missed, in the process that answers and in
 * another one on the same file, and how soon Stop has closed the provider's socket.
 */
import { ask, newThread } from "../support/chat_client.ts";
import type { ServerProcess } from "../support/process.ts";
import { RawFollower } from "../support/raw_follower.ts";
import { type ProcessRig, processRig } from "../faults/process_rig.ts";

const RUNS = 100;
const TOKENS_PER_SECOND = 48;
/** More than any run gets to say while this lasts. */
const ANSWER_TOKENS = 10_000;

/** How long a client is away, in milliseconds; meanwhile there is something to miss. */
const AWAY_MS = 300;
const EVENTS_BEFORE_THE_CUT = 5;

/** Milliseconds of each measurement. */
export interface LiveRunTimes {
  /** From connecting to the first missed event, in the process that answers. */
  reattach: number[];
  /** The same in another process, where nobody has followed the run before. */
  reattachElsewhere: number[];
  /** From sending Stop to the close of the provider's socket. */
  stop: number[];
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function begin(server: ServerProcess): Promise<string[]> {
  const ids: string[] = [];
  for (let count = 0; count < RUNS; count += 1) {
    const thread = await newThread(server);
    const body = { message: { content: "x" } };
    ids.push((await ask(server, thread.id, body)).run.id);
  }
  return ids;
}

/** Follows in one process, is cut off, and comes back in another or the same. */
async function comeBack(
  runId: string,
  from: ServerProcess,
  to: ServerProcess,
): Promise<number> {
  using follower = new RawFollower(runId);
  await follower.open(from.url);
  while (follower.events.length < EVENTS_BEFORE_THE_CUT) await follower.next();
  follower.cut();
  await pause(AWAY_MS);
  const atMs = performance.now();
  await follower.open(to.url);
  await follower.next();
  return performance.now() - atMs;
}

/** Stops each run in turn. The upstream's requests came in the order of the runs. */
async function stopAll(
  { upstream }: ProcessRig,
  server: ServerProcess,
  ids: string[],
): Promise<number[]> {
  const times: number[] = [];
  for (const [index, id] of ids.entries()) {
    const atMs = performance.now();
    const answer = await server.post(`/api/runs/${id}/cancel`, {});
    await answer.body?.cancel();
    times.push(await upstream.waitForHangUp(index) - atMs);
  }
  return times;
}

export async function liveRunTimes(): Promise<LiveRunTimes> {
  await using rig = await processRig({
    models: ["fake-1"],
    behaviour: {
      text: "token ".repeat(ANSWER_TOKENS),
      tokensPerSecond: TOKENS_PER_SECOND,
      split: false,
    },
  });
  await using first = await rig.start();
  await using second = await rig.start();
  const ids = await begin(first);
  const reattach: number[] = [];
  const reattachElsewhere: number[] = [];
  for (const id of ids) {
    reattach.push(await comeBack(id, first, first));
    reattachElsewhere.push(await comeBack(id, first, second));
  }
  return { reattach, reattachElsewhere, stop: await stopAll(rig, first, ids) };
}
