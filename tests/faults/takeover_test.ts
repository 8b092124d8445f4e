/** Answers whose process dies, is stopped or freezes: another process goes on with them. */
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
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { startProcess } from "../support/process.ts";
import { assemble, readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "one two three four five six seven eight nine ten";

/** A folder for a store, an upstream, and the settings that join them. */
async function rig(configFile: unknown = {}) {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: { text: TEXT, split: false },
  });
  const configPath = `${dataDir}/config.json`;
  await Deno.writeTextFile(
    configPath,
    JSON.stringify({ titles: { enabled: false }, ...configFile as object }),
  );
  const env = {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: upstream.url,
    FRESHET_CONFIG: configPath,
  };
  return {
    dataDir,
    upstream,
    start: () => startProcess(dataDir, { env }),
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

/** Asks, and reads so many pieces of the answer while the upstream holds the rest back. */
async function askSome(
  given: Awaited<ReturnType<typeof rig>>,
  server: Awaited<ReturnType<typeof startProcess>>,
  pieces: number,
) {
  const thread = await newThread(server);
  const response = await askStream(server, thread.id, {
    message: { content: "x" },
  });
  const events = readEvents(response.body!);
  const runId: string = (await events.next()).value!.data.runId;
  given.upstream.release(pieces);
  let text = "";
  let lastId = "1.0";
  for (let count = 0; count < pieces; count += 1) {
    const { id, data } = (await events.next()).value!;
    text += data.content;
    lastId = id;
  }
  return { threadId: thread.id, runId, events, text, lastId };
}

type Server = Awaited<ReturnType<typeof startProcess>>;

/**
 * Freezes a process outside a transaction: inside one it holds the lock of the file, and nobody can write
 * until it goes on, whatever the program does.
 */
async function freeze(server: Server, other: Server): Promise<void> {
  await waitFor("a process frozen without the file's lock", async () => {
    server.child.kill("SIGSTOP");
    const written = await other.fetch("/api/threads", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{}",
      signal: AbortSignal.timeout(1_000),
    }).catch(() => null);
    await written?.body?.cancel();
    if (written?.status === 201) return true;
    server.child.kill("SIGCONT");
  });
}

Deno.test("kill -9: after a restart the answer begins again within a second, and every client has one whole answer", async () => {
  await using given = await rig();
  const { upstream } = given;
  upstream.hold();
  let asked: Awaited<ReturnType<typeof askSome>>;
  {
    await using server = await given.start();
    asked = await askSome(given, server, 4);
    await server.kill("SIGKILL");
    await asked.events.next().catch(() => {});
  }
  await using server = await given.start();
  const listeningAtMs = performance.now();
  await upstream.waitForChat(1);
  assert.ok(performance.now() - listeningAtMs < 1_000);
  upstream.release();
  const events = await followRun(server, asked.runId, asked.lastId);
  assert.equal(events[0].event, "reset");
  assert.equal(events[0].id, "2.0");
  assert.equal(events[0].data.epoch, 2);
  assert.equal(assemble(events), TEXT);
  assert.equal(events.at(-1)!.data.status, "completed");
  const run = await getRun(server, asked.runId);
  assert.equal(run.epoch, 2);
  assert.equal(run.outputText, TEXT);
  const [, answer] = await getMessages(server, asked.threadId);
  assert.equal(answer.status, "complete");
  assert.equal(answer.content, TEXT);
  assert.equal((await getThread(server, asked.threadId)).activeRunId, null);
});

Deno.test("kill -9 again and again: after two restarts the answer is interrupted with its text, and Continue goes on", async () => {
  await using given = await rig();
  const { upstream } = given;
  upstream.hold();
  let asked: Awaited<ReturnType<typeof askSome>>;
  {
    await using server = await given.start();
    asked = await askSome(given, server, 4);
    await server.kill("SIGKILL");
    await asked.events.next().catch(() => {});
  }
  for (const attempt of [1, 2]) {
    await using server = await given.start();
    await upstream.waitForChat(attempt);
    upstream.release(3);
    await waitFor("some text of the attempt to be durable", async () => {
      const run = await getRun(server, asked.runId);
      return run.epoch === attempt + 1 && run.outputText !== "";
    });
    // Longer than a flush takes: what a client saw has reached the store.
    await waitFor("the log to be flushed", async () => {
      const run = await getRun(server, asked.runId);
      return run.outputText === "one two three ";
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await server.kill("SIGKILL");
  }
  await using server = await given.start();
  const run = await waitFor("the answer to be ended", async () => {
    const run = await getRun(server, asked.runId);
    return run.status === "interrupted" ? run : null;
  });
  assert.equal(run.outputText, "one two three ");
  assert.equal(upstream.chats().length, 3, "no further attempt was made");
  assert.equal((await getThread(server, asked.threadId)).activeRunId, null);

  upstream.next({ text: "four five", split: false });
  upstream.release();
  const response = await server.post(`/api/runs/${asked.runId}/continue`, {});
  assert.equal(response.status, 201);
  const { run: continued } = await response.json();
  assert.equal(continued.id, asked.runId);
  assert.equal(continued.epoch, run.epoch + 1);
  const events = await followRun(server, asked.runId, asked.lastId);
  assert.equal(assemble(events), "one two three four five");
  assert.equal(events.at(-1)!.data.status, "completed");
  const prompt = upstream.chats()[3].body.messages;
  assert.equal(prompt.at(-2).role, "assistant");
  assert.equal(prompt.at(-2).content, "one two three ");
  assert.equal(
    (await getMessages(server, asked.threadId))[1].content,
    "one two three four five",
  );
});

Deno.test("two processes on one file: a follower of the other process gets the answer as it comes, from any place", async () => {
  await using given = await rig();
  const { upstream } = given;
  upstream.hold();
  await using first = await given.start();
  await using second = await given.start();
  const asked = await askSome(given, first, 4);
  const response = await second.fetch(`/api/runs/${asked.runId}/events`, {
    headers: { "last-event-id": "1.1" },
  });
  const events = readEvents(response.body!);
  const read = async (count: number) => {
    const got = [];
    for (let index = 0; index < count; index += 1) {
      got.push((await events.next()).value!);
    }
    return got;
  };
  assert.deepEqual((await read(3)).map(({ id }) => id), ["1.2", "1.3", "1.4"]);
  upstream.release(2);
  assert.deepEqual((await read(2)).map(({ data }) => data.content), [
    "five ",
    "six ",
  ]);
  upstream.release();
  const rest = await Array.fromAsync(events);
  assert.equal(rest.at(-1)!.event, "done");
  assert.equal(assemble(await followRun(second, asked.runId)), TEXT);
  assert.equal((await getRun(second, asked.runId)).outputText, TEXT);
});

Deno.test("two processes on one file: Stop in one stops the answer of the other", async () => {
  await using given = await rig();
  const { upstream } = given;
  upstream.hold();
  await using first = await given.start();
  await using second = await given.start();
  const asked = await askSome(given, first, 4);
  const response = await second.post(`/api/runs/${asked.runId}/cancel`, {});
  assert.equal(response.status, 200);
  const run = await response.json();
  assert.equal(run.status, "cancelled");
  assert.equal(run.outputText, asked.text);
  await upstream.waitForHangUp(0);
  const rest = await Array.fromAsync(asked.events);
  assert.equal(rest.at(-1)!.data.status, "cancelled");
});

Deno.test("two processes on one file: when one is killed the other goes on with its answers", async () => {
  await using given = await rig();
  const { upstream } = given;
  upstream.hold();
  await using first = await given.start();
  await using second = await given.start();
  const asked = await askSome(given, first, 4);
  const response = await second.fetch(`/api/runs/${asked.runId}/events`, {
    headers: { "last-event-id": asked.lastId },
  });
  const following = Array.fromAsync(readEvents(response.body!));
  await first.kill("SIGKILL");
  await asked.events.next().catch(() => {});
  await upstream.waitForChat(1);
  upstream.release();
  const events = await following;
  assert.equal(events[0].event, "reset");
  assert.equal(assemble(events), TEXT);
  assert.equal(events.at(-1)!.data.status, "completed");
  assert.equal((await getRun(second, asked.runId)).epoch, 2);
});

Deno.test("a frozen process: the other goes on with its answers, and after the thaw it tells none of its own", async () => {
  await using given = await rig();
  const { upstream } = given;
  upstream.hold();
  await using first = await given.start();
  await using second = await given.start();
  const asked = await askSome(given, first, 4);
  await freeze(first, second);
  await upstream.waitForChat(1, 30_000);
  upstream.release();
  assert.equal(assemble(await followRun(second, asked.runId, "1.4")), TEXT);
  first.child.kill("SIGCONT");
  // Its own client hears no second answer: it is led to the one that counts.
  const rest = await Array.fromAsync(asked.events);
  const ends = rest.filter(({ event }) => event === "done");
  assert.ok(ends.length <= 1);
  if (ends.length === 1) {
    assert.equal(ends[0].id.split(".")[0], "2");
    assert.equal(assemble(rest), TEXT);
  }
  assert.equal((await getRun(second, asked.runId)).outputText, TEXT);
  // It has begun anew, and takes questions again.
  const thread = await newThread(first);
  const { run } = await ask(first, thread.id, { message: { content: "y" } });
  assert.equal(assemble(await followRun(first, run.id)), TEXT);
});
