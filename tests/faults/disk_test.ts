/** A disk without room under a real store: answers fail cleanly, the process stays, and all is well once there is room. */
import assert from "node:assert/strict";
import {
  ask,
  askStream,
  followRun,
  getMessages,
  getRun,
  getThread,
  newThread,
} from "../support/chat_client.ts";
import type { ServerProcess } from "../support/process.ts";
import { assemble, readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import { STEP_DEADLINE_MS } from "./process_rig.ts";
import {
  canLimitFiles,
  canMount,
  type DiskRig,
  fullDisk,
  limitedFiles,
} from "./disk_rig.ts";

const TEXT = "one two three four five six seven eight";

/** Asks, reads the first words, takes the room away, and lets the upstream say the rest. */
async function answerWithoutRoom(rig: DiskRig, server: ServerProcess) {
  const thread = await newThread(server);
  const response = await askStream(server, thread.id, {
    message: { content: "x" },
  });
  const events = readEvents(response.body!);
  const runId: string = (await events.next()).value!.data.runId;
  rig.upstream.release(2);
  for (let count = 0; count < 2; count += 1) await events.next();
  await rig.takeRoom(server);
  rig.upstream.release();
  return { threadId: thread.id, runId, events };
}

interface Readiness {
  checks: { name: string; status: string; reason: string | null }[];
}

async function storageReason(server: ServerProcess): Promise<string | null> {
  const response = await server.fetch("/readyz");
  const { checks }: Readiness = await response.json();
  const { reason } = checks.find(({ name }) => name === "storage")!;
  assert.equal(response.status, reason === null ? 200 : 503);
  return reason;
}

async function untilReady(server: ServerProcess): Promise<void> {
  await waitFor(
    "the server to be ready",
    async () => await storageReason(server) === null,
    STEP_DEADLINE_MS,
  );
}

async function untilCompleted(
  server: ServerProcess,
  runId: string,
): Promise<void> {
  await waitFor(
    "the end of the run to be stored",
    async () => (await getRun(server, runId)).status === "completed",
    STEP_DEADLINE_MS,
  );
}

async function endIsToldAndStoredLater(rig: DiskRig): Promise<void> {
  await using server = await rig.start();
  const { threadId, runId, events } = await answerWithoutRoom(rig, server);
  const rest = await Array.fromAsync(events);
  const last = rest.at(-1)!;
  assert.equal(last.event, "error");
  assert.equal(last.data.code, "storage_unavailable");
  assert.ok(!rest.some(({ event }) => event === "done"));

  assert.match(await storageReason(server) ?? "", rig.reason);
  assert.equal((await server.fetch("/healthz")).status, 200);
  assert.equal((await server.fetch("/")).status, 200);
  assert.equal((await getThread(server, threadId)).activeRunId, runId);

  await rig.giveRoom(server);
  await untilReady(server);
  await untilCompleted(server, runId);
  const replay = await followRun(server, runId);
  assert.equal(assemble(replay), TEXT);
  assert.equal(replay.at(-1)!.event, "done");
  const messages = await getMessages(server, threadId);
  assert.deepEqual(messages.map(({ content }) => content), ["x", TEXT]);
  const { run } = await ask(server, threadId, { message: { content: "y" } });
  assert.equal(assemble(await followRun(server, run.id)), TEXT);
  const { code } = await server.kill("SIGTERM");
  assert.equal(code, 0, server.logLines.join("\n"));
}

async function killedWithoutRoom(rig: DiskRig): Promise<void> {
  const first = await rig.start();
  const { threadId, runId, events } = await answerWithoutRoom(rig, first);
  await waitFor(
    "the store to be found full",
    async () => await storageReason(first) !== null,
    STEP_DEADLINE_MS,
  );
  await first.kill("SIGKILL");
  await Array.fromAsync(events).catch(() => {});
  await rig.giveRoom(null);
  await using server = await rig.start();
  assert.equal(assemble(await followRun(server, runId)), TEXT);
  const messages = await getMessages(server, threadId);
  assert.deepEqual(messages.map(({ content }) => content), ["x", TEXT]);
}

/** Nobody waits for a disk that has no room. */
async function isRefusedAtOnce(rig: DiskRig): Promise<void> {
  await using server = await rig.start();
  const { runId } = await answerWithoutRoom(rig, server);
  const refused = await server.post("/api/threads", {});
  assert.equal(refused.status, 503);
  assert.equal((await refused.json()).code, "storage_unavailable");
  // The answer's end, which waits longer, has not been given up yet.
  assert.equal((await getRun(server, runId)).status, "running");
  await rig.giveRoom(server);
  await untilCompleted(server, runId);
  await newThread(server);
}

Deno.test({
  name: "full disk: what cannot be stored is refused at once",
  ignore: !await canMount(),
  fn: async () => {
    await using rig = await fullDisk({ text: TEXT });
    await isRefusedAtOnce(rig);
  },
});

Deno.test({
  name:
    "full disk: the end that cannot be stored is told as an error, and stored once there is room",
  ignore: !await canMount(),
  fn: async () => {
    await using rig = await fullDisk({ text: TEXT });
    await endIsToldAndStoredLater(rig);
  },
});

Deno.test({
  name: "full disk: a process that is killed then has lost nothing",
  ignore: !await canMount(),
  fn: async () => {
    await using rig = await fullDisk({ text: TEXT });
    await killedWithoutRoom(rig);
  },
});

Deno.test({
  name:
    "files that may not grow: the end that cannot be stored is told as an error, and stored once they may",
  ignore: !await canLimitFiles(),
  fn: async () => {
    await using rig = await limitedFiles({ text: TEXT });
    await endIsToldAndStoredLater(rig);
  },
});
