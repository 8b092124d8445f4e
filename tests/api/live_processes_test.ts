/** Live connections to two processes of one store. */
import assert from "node:assert/strict";
import { openLiveSocket } from "../support/live_socket.ts";
import { startProcess } from "../support/process.ts";
import { newThread } from "../support/chat_client.ts";

Deno.test("live processes: each tells what happens in the other, its cursor is one there, and a stop moves its sockets over", async () => {
  const dataDir = await Deno.makeTempDir();
  try {
    await using one = await startProcess(dataDir);
    await using other = await startProcess(dataDir);
    const here = openLiveSocket(one.url, "threads");
    const there = openLiveSocket(other.url, "threads");
    await here.word("hello");
    await there.word("hello");
    const first = await newThread(one);
    const event = await there.event("thread.created");
    assert.equal(event.data.threadId, first.id);
    assert.equal(event.data.thread?.id, first.id);
    assert.equal((await here.event("thread.created")).id, event.id);

    const second = await newThread(other);
    await here.event("thread.created");
    const stopped = one.kill("SIGTERM");
    assert.equal((await here.closed).code, 1012);
    const moved = openLiveSocket(other.url, "threads", { cursor: event.id });
    assert.deepEqual(await moved.next(), { type: "hello", cursor: event.id });
    assert.equal((await moved.event()).data.threadId, second.id);
    await Promise.all([there.close(), moved.close()]);
    assert.equal((await stopped).code, 0);
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
