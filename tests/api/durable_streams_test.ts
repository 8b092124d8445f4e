/** Runs as durable streams, read by the protocol's own client and by hand. */
import assert from "node:assert/strict";
import { stream } from "@durable-streams/client";
import { ask, newThread, startChat } from "../support/chat_client.ts";
import type { TestApp } from "../support/app.ts";

interface Message {
  event: string;
  data: { content?: string; status?: string };
}

const textOf = (messages: readonly Message[]) =>
  messages.map(({ data }) => data.content ?? "").join("");

interface Chunk {
  event: string;
  data: { choices?: { delta: { content?: string } }[] };
}

const chunkText = (messages: readonly Chunk[]) =>
  messages.map(({ data }) => data.choices?.[0]?.delta.content ?? "").join("");

async function begin(app: TestApp, content: string): Promise<string> {
  const thread = await newThread(app);
  const { run } = await ask(app, thread.id, {
    message: { content },
    model: "fake-1",
  });
  return run.id;
}

for (const live of ["sse", "long-poll"] as const) {
  Deno.test(`durable streams: the protocol's client follows a run to its end by ${live}`, async () => {
    await using rig = await startChat();
    rig.upstream.next({ text: "The river is high, and it is rising." });
    rig.upstream.hold();
    const run = await begin(rig.app, "How high?");
    const response = await stream<Message>({
      url: `${rig.app.url}/v1/streams/${run}`,
      offset: "-1",
      live,
    });
    const messages: Message[] = [];
    const ended = Promise.withResolvers<void>();
    response.subscribeJson((batch) => {
      messages.push(...batch.items);
      rig.upstream.release();
      if (messages.at(-1)?.event === "done") ended.resolve();
      return Promise.resolve();
    });
    await ended.promise;
    await response.closed;
    assert.equal(textOf(messages), "The river is high, and it is rising.");
    assert.equal(messages.at(-1)?.data.status, "completed");
    assert.equal(response.streamClosed, true);
  });
}

Deno.test("durable streams: a reader goes on from a saved offset, also after the end and without what was in memory", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "One two three four." });
  const run = await begin(rig.app, "Count");
  const url = `${rig.app.url}/v1/streams/${run}`;
  const whole = await stream<Message>({ url, offset: "-1", live: false });
  const first = await whole.json();
  const rest = await stream<Message>({
    url,
    offset: whole.offset,
    live: "sse",
  });
  const others: Message[] = [];
  rest.subscribeJson((batch) => {
    others.push(...batch.items);
    return Promise.resolve();
  });
  await rest.closed;
  assert.equal(textOf([...first, ...others]), "One two three four.");
  const again = await stream<Message>({ url, offset: "-1", live: false });
  assert.equal(textOf(await again.json()), "One two three four.");
  const end = await stream<Message>({ url, offset: again.offset, live: false });
  assert.deepEqual(await end.json(), []);
});

Deno.test("durable streams: a chat completion's chunks are the messages, live and after its end", async () => {
  await using rig = await startChat();
  rig.upstream.next({ text: "The river is high." });
  rig.upstream.hold();
  const answering = rig.app.post("/v1/chat/completions", {
    model: "fake-1",
    stream: true,
    messages: [{ role: "user", content: "How high?" }],
  }, { "x-freshet-detach": "true" });
  rig.upstream.release(1);
  const answer = await answering;
  const run = answer.headers.get("x-freshet-run");
  const url = `${rig.app.url}/v1/streams/${run}`;
  const live = await stream<Chunk>({ url, offset: "-1", live: "sse" });
  const messages: Chunk[] = [];
  live.subscribeJson((batch) => {
    messages.push(...batch.items);
    return Promise.resolve();
  });
  rig.upstream.release();
  await live.closed;
  await answer.body?.cancel();
  assert.equal(chunkText(messages), "The river is high.");
  const after = await stream<Chunk>({ url, offset: "-1", live: false });
  assert.deepEqual(await after.json(), messages);
});

Deno.test("durable streams: a run that is not there is 404, and a stream can only be read", async () => {
  await using rig = await startChat();
  const missing = await rig.app.fetch(`/v1/streams/run_${"0".repeat(22)}`);
  assert.equal(missing.status, 404);
  await missing.body?.cancel();
  const run = await begin(rig.app, "How high?");
  for (const method of ["POST", "PUT", "DELETE"]) {
    const response = await rig.app.fetch(`/v1/streams/${run}`, {
      method,
      headers: { "content-type": "application/json" },
      body: "[]",
    });
    assert.equal(response.status, 405, method);
    await response.body?.cancel();
  }
});
