/** The live feed over HTTP, as a sidebar hears it. */
import assert from "node:assert/strict";
import { newId } from "@/lib/shared/ids.ts";
import type { LiveEvent, LiveMessage } from "@/lib/shared/live/live_wire.ts";
import type { TestApp } from "../support/app.ts";
import {
  askWhole,
  getThread,
  newThread,
  startChat,
} from "../support/chat_client.ts";
import { readEvents } from "../support/sse.ts";
import {
  deleteThread,
  patchThread,
  problem,
} from "../support/thread_client.ts";

/** A connection of `/api/live`, whose messages are awaited one by one. */
async function listen(
  app: TestApp,
  channels: string,
  headers: Record<string, string> = {},
) {
  const response = await app.fetch(`/api/live?channels=${channels}`, {
    headers,
  });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("x-accel-buffering"), "no");
  assert.equal(
    response.headers.get("cache-control"),
    "no-store, no-transform",
  );
  const messages = readEvents(response.body!);
  const next = async (): Promise<LiveMessage> => {
    const { done, value } = await messages.next();
    assert.ok(!done, "the stream ended");
    return value.data;
  };
  return {
    next,
    /** The next event of this type. */
    async until(type: string): Promise<LiveEvent> {
      while (true) {
        const message = await next();
        if (message.type === type) return message as LiveEvent;
      }
    },
    close: () => messages.return(),
  };
}

Deno.test("live: a thread is told from its making to its end, each time with its row", async () => {
  await using rig = await startChat({ behaviour: { text: "It falls." } });
  const { app } = rig;
  const live = await listen(app, "threads");
  assert.equal((await live.next()).type, "hello");
  const { thread } = await askWhole(app, "Does it rise?");
  const created = await live.until("thread.created");
  assert.equal(created.channel, "threads");
  assert.equal(created.data.threadId, thread.id);
  assert.equal(created.data.thread?.id, thread.id);
  const started = await live.until("run.started");
  assert.equal(started.data.threadId, thread.id);
  assert.match(started.data.runId!, /^run_/);
  const completed = await live.until("run.completed");
  assert.equal(completed.data.status, "completed");
  assert.equal(completed.data.thread?.activeRunId, null);
  assert.equal(completed.data.thread?.unread, true);
  assert.equal(completed.data.thread?.title, "Does it rise?");
  await patchThread(app, await getThread(app, thread.id), { title: "Levels" });
  assert.equal(
    (await live.until("thread.updated")).data.thread?.title,
    "Levels",
  );
  await deleteThread(app, thread.id);
  assert.equal((await live.until("thread.deleted")).data.threadId, thread.id);
  await live.close();
});

Deno.test("live: Last-Event-ID and cursor go on behind an event; the channel of a thread has its messages", async () => {
  await using rig = await startChat({ behaviour: { text: "It falls." } });
  const { app } = rig;
  const first = await listen(app, "threads");
  await first.next();
  const thread = await newThread(app);
  const { id } = await first.until("thread.created");
  await first.close();
  const other = await askWhole(app, "Other thread");
  await (await app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "This thread" },
  })).body?.cancel();

  const again = await listen(app, "threads", { "last-event-id": id });
  assert.deepEqual(await again.next(), { type: "hello", cursor: id });
  assert.equal(
    (await again.until("thread.created")).data.threadId,
    other.thread.id,
  );
  await again.close();
  const own = await listen(
    app,
    `thread:${thread.id}&cursor=${encodeURIComponent(id)}`,
  );
  assert.deepEqual(await own.next(), { type: "hello", cursor: id });
  const asked = await own.until("message.created");
  assert.equal(asked.data.threadId, thread.id);
  assert.equal(asked.channel, `thread:${thread.id}`);
  await own.until("message.completed");
  await own.close();

  const lost = await listen(app, "threads", { "last-event-id": "old.0.0" });
  await lost.next();
  assert.equal((await lost.next()).type, "events.lost");
  await lost.close();
});

Deno.test("live: unknown channels are refused, foreign threads are not there", async () => {
  await using rig = await startChat();
  for (const channels of ["", "job", "thread:1", "threads,nothing"]) {
    await problem(
      await rig.app.fetch(`/api/live?channels=${channels}`),
      400,
      "invalid_request",
    );
  }
  await problem(
    await rig.app.fetch(`/api/live?channels=thread:${newId("thr")}`),
    404,
    "not_found",
  );
});

Deno.test("live: a drain ends the stream and asks to come back", async () => {
  const rig = await startChat();
  const response = await rig.app.fetch("/api/live?channels=threads");
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  while (!text.includes('"hello"')) text += (await reader.read()).value;
  const closed = rig.app.close();
  for (
    let read = await reader.read();
    !read.done;
    read = await reader.read()
  ) text += read.value;
  await closed;
  assert.match(text, /retry: 250\n\n$/);
  await rig[Symbol.asyncDispose]();
});
