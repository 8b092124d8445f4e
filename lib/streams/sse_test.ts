import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { followLive } from "./follow.ts";
import { Fanout } from "./fanout.ts";
import { LiveRun, type PlacedEvent } from "./live_run.ts";
import { formatEvent, onHangUp, sseResponse } from "./sse.ts";

const DONE = {
  event: "done",
  data: {
    status: "completed",
    finishReason: "stop",
    usage: null,
    costMicroUsd: null,
  },
} as const;

const run = () => {
  const live = new LiveRun("run_1", 1, new Fanout());
  live.append({
    event: "start",
    data: {
      runId: "run_1",
      threadId: "thr_1",
      messageId: "msg_1",
      model: "m",
      cache: null,
    },
  });
  return live;
};

Deno.test("formatEvent: a line break in the text stays inside one data line", () => {
  const placed: PlacedEvent = {
    position: { epoch: 1, seq: 2 },
    event: { event: "chunk", data: { content: "a\n\nb\r\u2028" } },
  };
  assert.equal(
    formatEvent(placed),
    'id: 1.2\nevent: chunk\ndata: {"content":"a\\n\\nb\\r\u2028"}\n\n',
  );
});

Deno.test("sseResponse: sends events as they come and closes after the last", async () => {
  const live = run();
  const response = sseResponse(
    (signal) => followLive(live, null, signal),
    new AbortController().signal,
  );
  assert.equal(
    response.headers.get("content-type"),
    "text/event-stream; charset=utf-8",
  );
  assert.equal(response.headers.get("cache-control"), "no-store, no-transform");
  assert.equal(response.headers.get("x-accel-buffering"), "no");
  live.append({ event: "chunk", data: { content: "hello" } });
  live.append(DONE);
  const text = await response.text();
  assert.deepEqual(text.match(/^(id|event|retry): .*$/gm), [
    "retry: 1000",
    "id: 1.0",
    "event: start",
    "id: 1.1",
    "event: chunk",
    "id: 1.2",
    "event: done",
  ]);
});

Deno.test("sseResponse: a source that ends early asks the client to come back soon", async () => {
  const live = run();
  const response = sseResponse(
    (signal) => followLive(live, null, signal),
    new AbortController().signal,
  );
  live.abandon();
  assert.match(await response.text(), /retry: 250\n\n$/);
});

Deno.test("sseResponse: a client that goes away ends its source, told by cancel or by the signal", async () => {
  for (const tell of ["cancel", "signal"] as const) {
    const live = run();
    const ended = Promise.withResolvers<void>();
    const request = new AbortController();
    const response = sseResponse(async function* (signal) {
      try {
        yield* followLive(live, null, signal);
      } finally {
        ended.resolve();
      }
    }, request.signal);
    const reader = response.body!.getReader();
    await reader.read();
    await reader.read();
    if (tell === "cancel") await reader.cancel();
    else request.abort();
    await ended.promise;
  }
});

Deno.test("sseResponse: a follower that never reads costs one batch, not the run", async () => {
  const live = run();
  let asked = 0;
  const response = sseResponse(async function* (signal) {
    for await (const batch of followLive(live, null, signal)) {
      asked += 1;
      yield batch;
    }
  }, new AbortController().signal);
  for (let index = 0; index < 1_000; index += 1) {
    live.append({ event: "chunk", data: { content: "x" } });
    if (index % 100 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
  assert.ok(asked <= 2, `the source was asked ${asked} times`);
  await response.body!.cancel();
});

Deno.test("sseResponse: a heartbeat goes out while the run is silent", async () => {
  const live = run();
  const response = sseResponse(
    (signal) => followLive(live, null, signal),
    new AbortController().signal,
    { heartbeatMs: 5 },
  );
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body!) {
    text += decoder.decode(chunk);
    if (text.includes(": keep-alive\n\n")) break;
  }
  assert.match(text, /: keep-alive/);
});

Deno.test("onHangUp: counts once, and not after the end", () => {
  let times = 0;
  const request = new AbortController();
  const first = onHangUp(request.signal, () => times += 1);
  first.hangUp();
  request.abort();
  assert.equal(times, 1);
  const other = new AbortController();
  const second = onHangUp(other.signal, () => times += 1);
  second.finish();
  other.abort();
  second.hangUp();
  assert.equal(times, 1);
});

Deno.test("sseResponse: heartbeats do not pile up for a client that does not read", async () => {
  const live = run();
  const response = sseResponse(
    (signal) => followLive(live, null, signal),
    new AbortController().signal,
    { heartbeatMs: 1 },
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  live.abandon();
  const beats = (await response.text()).match(/keep-alive/g) ?? [];
  assert.ok(beats.length <= 2, `${beats.length} heartbeats were queued`);
});

Deno.test("sseResponse: a stream that has lived its time ends without an end, and asks to come back", async () => {
  const live = new LiveRun("run_1", 1, new Fanout());
  live.append({ event: "chunk", data: { content: "a" } });
  const response = sseResponse(
    (signal) => followLive(live, null, signal),
    new AbortController().signal,
    { lifetimeMs: 30 },
  );
  const text = await response.text();
  assert.match(text, /id: 1\.0\nevent: chunk/);
  assert.match(text, /retry: 250\n\n$/);
  live.append({ event: "chunk", data: { content: "b" } });
  const again = sseResponse(
    (signal) => followLive(live, { epoch: 1, seq: 0 }, signal),
    new AbortController().signal,
    { lifetimeMs: 30 },
  );
  assert.match(
    await again.text(),
    /id: 1\.1\nevent: chunk\ndata: {"content":"b"}/,
  );
});

const REFUSAL = new AppError({
  status: 401,
  code: "invalid_api_key",
  message: "The API key was revoked.",
});

Deno.test("sseResponse: a request that is ended from this side says why as its last, and stops following", async () => {
  const live = run();
  const ended = new AbortController();
  let follower: AbortSignal | null = null;
  const response = sseResponse((signal) => {
    follower = signal;
    return followLive(live, null, signal);
  }, ended.signal);
  const reader = response.body!.pipeThrough(new TextDecoderStream())
    .getReader();
  let text = "";
  while (!text.includes("event: start")) text += (await reader.read()).value;
  ended.abort(REFUSAL);
  live.append(DONE);
  for (
    let read = await reader.read();
    !read.done;
    read = await reader.read()
  ) text += read.value;
  assert.ok(text.endsWith(
    'event: error\ndata: {"code":"invalid_api_key","message":"The API key was revoked.","retryable":false}\n\n',
  ));
  assert.ok(!text.includes("event: done"));
  assert.equal(follower!.aborted, true);
});

Deno.test("sseResponse: a request that was ended before its stream began says nothing else", async () => {
  const response = sseResponse(
    (signal) => followLive(run(), null, signal),
    AbortSignal.abort(REFUSAL),
  );
  assert.match(await response.text(), /^event: error\n[^]*\n\n$/);
});
