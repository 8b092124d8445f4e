import assert from "node:assert/strict";
import { Fanout } from "@/lib/streams/fanout.ts";
import { followLive } from "@/lib/streams/follow.ts";
import { LiveRun } from "@/lib/streams/live_run.ts";
import type { RunEvent } from "@/lib/shared/wire.ts";
import { formatOffset, parseOffset } from "./offset.ts";
import type { DurableSource } from "./piece.ts";
import { lastWholeSeq, wholeChunks } from "./whole_chunks.ts";
import { type DurableOptions, durableResponse } from "./stream.ts";

const START: RunEvent = {
  event: "start",
  data: {
    runId: "run_1",
    threadId: "thr_1",
    messageId: "msg_1",
    model: "m",
    cache: null,
  },
};
const DONE: RunEvent = {
  event: "done",
  data: {
    status: "completed",
    finishReason: "stop",
    usage: null,
    costMicroUsd: null,
  },
};
const chunk = (content: string): RunEvent => ({
  event: "chunk",
  data: { content },
});

/** A run with its opening event, and the stream over it. */
function open({ isKnown = true }: { isKnown?: boolean } = {}) {
  const run = new LiveRun("run_1", 1, new Fanout());
  run.append(START);
  const source: DurableSource = {
    id: run.runId,
    follow: (after, signal) => wholeChunks(followLive(run, after, signal)),
    tail: () =>
      Promise.resolve(
        isKnown
          ? {
            position: { epoch: run.epoch, seq: lastWholeSeq(run) },
            isClosed: run.hasEnded,
          }
          : null,
      ),
  };
  const read = (
    query = "",
    init: RequestInit = {},
    options: DurableOptions = {},
  ) =>
    durableResponse(
      new Request(`http://localhost/v1/streams/run_1${query}`, init),
      source,
      options,
    );
  return { run, read };
}

interface Message {
  event: string;
  data: { content?: string };
}

async function messages(response: Response): Promise<string[]> {
  assert.equal(response.status, 200);
  const list: Message[] = await response.json();
  return list.map(({ event, data }) => data.content ?? event);
}

const offsetOf = ({ headers }: Response) => headers.get("stream-next-offset")!;
const isUpToDate = ({ headers }: Response) =>
  headers.get("stream-up-to-date") === "true";
const isClosed = ({ headers }: Response) =>
  headers.get("stream-closed") === "true";

interface SseEvent {
  event: string;
  // deno-lint-ignore no-explicit-any -- a message list or a control object
  data: any;
}

function parseSse(text: string): SseEvent[] {
  return text.split("\n\n").filter((it) => it.includes("data: ")).map((it) => ({
    event: /event: (.*)/.exec(it)![1],
    data: JSON.parse(/data: (.*)/.exec(it)![1]),
  }));
}

Deno.test("durable stream: offsets sort as the events do, over attempts too", () => {
  const places = [
    null,
    { epoch: 1, seq: 0 },
    { epoch: 1, seq: 9 },
    { epoch: 1, seq: 10 },
    { epoch: 2, seq: 0 },
    { epoch: 12, seq: 1 },
  ];
  const offsets = places.map(formatOffset);
  assert.deepEqual(offsets.toSorted(), offsets);
  assert.equal(new Set(offsets).size, offsets.length);
  assert.deepEqual(offsets.map(parseOffset), places);
});

Deno.test("durable stream: a catch-up gives what there is, and goes on where it ended", async () => {
  const { run, read } = open();
  run.append(chunk("a"));
  const first = await read();
  assert.deepEqual(await messages(first), ["start", "a"]);
  assert.ok(isUpToDate(first) && !isClosed(first));
  assert.match(first.headers.get("content-type")!, /^application\/json/);
  run.append(chunk("b"));
  run.append(DONE);
  const second = await read(`?offset=${offsetOf(first)}`);
  assert.deepEqual(await messages(second), ["b", "done"]);
  assert.ok(isUpToDate(second) && isClosed(second));
  const end = await read(`?offset=${offsetOf(second)}`);
  assert.deepEqual(await messages(end), []);
  assert.ok(isUpToDate(end) && isClosed(end));
  assert.equal(offsetOf(end), offsetOf(second));
});

Deno.test("durable stream: -1 and no offset are the beginning, now is the end", async () => {
  const { run, read } = open();
  run.append(chunk("a"));
  assert.deepEqual(await messages(await read("?offset=-1")), ["start", "a"]);
  const now = await read("?offset=now");
  assert.deepEqual(await messages(now), []);
  assert.ok(isUpToDate(now));
  run.append(chunk("b"));
  assert.deepEqual(await messages(await read(`?offset=${offsetOf(now)}`)), [
    "b",
  ]);
});

Deno.test("durable stream: more than one answer holds comes in several, without a gap", async () => {
  const { run, read } = open();
  const words = Array.from({ length: 2_500 }, (_, index) => `w${index}`);
  for (const word of words) run.append(chunk(word));
  run.append(DONE);
  const all: string[] = [];
  let offset = "-1";
  let rounds = 0;
  for (let closed = false; !closed; rounds += 1) {
    const answer = await read(`?offset=${offset}`);
    offset = offsetOf(answer);
    closed = isClosed(answer);
    assert.equal(isUpToDate(answer), closed);
    all.push(...await messages(answer));
  }
  assert.deepEqual(all, ["start", ...words, "done"]);
  assert.ok(rounds > 1);
});

Deno.test("durable stream: the same read has the same tag, and 304 to whoever has it", async () => {
  const { run, read } = open();
  const tag = (await read()).headers.get("etag")!;
  const again = await read("", { headers: { "if-none-match": tag } });
  assert.equal(again.status, 304);
  run.append(chunk("a"));
  const changed = await read("", { headers: { "if-none-match": tag } });
  assert.equal(changed.status, 200);
  assert.notEqual(changed.headers.get("etag"), tag);
});

Deno.test("durable stream: a long poll answers as soon as something comes", async () => {
  const { run, read } = open();
  const waiting = read("?offset=now&live=long-poll");
  run.append(chunk("a"));
  const answer = await waiting;
  assert.deepEqual(await messages(answer), ["a"]);
  assert.match(answer.headers.get("stream-cursor")!, /^\d+$/);
});

Deno.test("durable stream: a long poll in vain is 204, and one at the end at once", async () => {
  const { run, read } = open();
  const vain = await read("?offset=now&live=long-poll", {}, { longPollMs: 20 });
  assert.equal(vain.status, 204);
  assert.ok(isUpToDate(vain) && !isClosed(vain));
  run.append(DONE);
  const ended = await read("?offset=now&live=long-poll");
  assert.equal(ended.status, 204);
  assert.ok(isUpToDate(ended) && isClosed(ended));
  assert.notEqual(ended.headers.get("stream-cursor"), null);
});

Deno.test("durable stream: a cursor never comes twice", async () => {
  const { read } = open();
  const first = (await read()).headers.get("stream-cursor")!;
  const second = await read(`?offset=-1&live=long-poll&cursor=${first}`);
  assert.ok(Number(second.headers.get("stream-cursor")) > Number(first));
});

Deno.test("durable stream: server-sent events give data and a control event for each, and end when closed", async () => {
  const { run, read } = open();
  run.append(chunk("a"));
  const answer = await read("?offset=-1&live=sse");
  assert.match(answer.headers.get("content-type")!, /^text\/event-stream/);
  queueMicrotask(() => {
    run.append(chunk("b"));
    run.append(DONE);
  });
  const events = parseSse(await answer.text());
  assert.deepEqual(
    events.filter(({ event }) => event === "data")
      .flatMap(({ data }) => data)
      .map(({ event, data }: Message) => data.content ?? event),
    ["start", "a", "b", "done"],
  );
  events.forEach(({ event }, index) =>
    assert.equal(event, index % 2 === 0 ? "data" : "control")
  );
  assert.deepEqual(events.at(-1)!.data, {
    streamNextOffset: formatOffset({ epoch: 1, seq: 3 }),
    streamClosed: true,
    upToDate: true,
  });
});

Deno.test("durable stream: server-sent events from now on begin with where that is", async () => {
  const { run, read } = open();
  const answer = await read("?offset=now&live=sse", {}, { lifetimeMs: 30 });
  run.append(chunk("a"));
  const [control, data] = parseSse(await answer.text());
  assert.equal(control.event, "control");
  assert.equal(control.data.upToDate, true);
  assert.equal(
    control.data.streamNextOffset,
    formatOffset({ epoch: 1, seq: 0 }),
  );
  assert.deepEqual(data.data, [{ event: "chunk", data: { content: "a" } }]);
});

Deno.test("durable stream: at the end, server-sent events say so and close", async () => {
  const { run, read } = open();
  run.append(DONE);
  const events = parseSse(await (await read("?offset=now&live=sse")).text());
  assert.equal(events.length, 1);
  assert.equal(events[0].data.streamClosed, true);
  assert.equal("streamCursor" in events[0].data, false);
});

Deno.test("durable stream: a run that begins anew goes on at a higher offset, with reset", async () => {
  const { run, read } = open();
  run.append(chunk("lost"));
  const before = await read();
  run.restart(2);
  run.append({ event: "reset", data: { epoch: 2, reason: "restart" } });
  run.append(chunk("whole"));
  const after = await read(`?offset=${offsetOf(before)}`);
  assert.ok(offsetOf(after) > offsetOf(before));
  assert.deepEqual(await messages(after), ["reset", "whole"]);
});

Deno.test("durable stream: the run of another process is read until it pauses", async () => {
  const { run, read } = open({ isKnown: false });
  run.append(chunk("a"));
  const answer = await read();
  assert.deepEqual(await messages(answer), ["start", "a"]);
  assert.ok(isUpToDate(answer));
  const head = await read("", { method: "HEAD" });
  assert.equal(offsetOf(head), offsetOf(answer));
});

Deno.test("durable stream: HEAD gives the end without a body", async () => {
  const { run, read } = open();
  const running = await read("", { method: "HEAD" });
  assert.equal(running.body, null);
  assert.equal(offsetOf(running), formatOffset({ epoch: 1, seq: 0 }));
  assert.equal(isClosed(running), false);
  run.append(DONE);
  assert.ok(isClosed(await read("", { method: "HEAD" })));
});

Deno.test("durable stream: chunks of a provider are JSON, and a long one is one message", async () => {
  const { run, read } = open();
  run.append({ event: "raw", data: '{"n":1}' });
  run.append({ event: "part", data: '{"n":' });
  run.append({ event: "part", data: "2" });
  const before = await read();
  run.append({ event: "raw", data: "3}" });
  run.append(DONE);
  assert.deepEqual((await before.json())[1], {
    event: "chunk",
    data: { n: 1 },
  });
  const after = await read(`?offset=${offsetOf(before)}`);
  assert.deepEqual((await after.json())[0], {
    event: "chunk",
    data: { n: 23 },
  });
});

for (
  const query of [
    "?offset=",
    "?offset=1,2",
    "?offset=abc",
    "?offset=1.5",
    "?offset=000000000_0000000001",
    "?offset=-1&offset=now",
    "?live=sse",
    "?live=long-poll",
    "?offset=-1&live=often",
  ]
) {
  Deno.test(`durable stream: ${query} is 400`, async () => {
    await assert.rejects(open().read(query), {
      status: 400,
      code: "invalid_request",
    });
  });
}
