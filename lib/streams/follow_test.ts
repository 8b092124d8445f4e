import assert from "node:assert/strict";
import { followLive, replayEnded } from "./follow.ts";
import { Fanout } from "./fanout.ts";
import { LiveRun, type PlacedEvent } from "./live_run.ts";
import { formatPosition, parsePosition } from "./position.ts";

const START = {
  event: "start",
  data: {
    runId: "run_1",
    threadId: "thr_1",
    messageId: "msg_1",
    model: "m",
    cache: null,
  },
} as const;
const DONE = {
  event: "done",
  data: {
    status: "completed",
    finishReason: "stop",
    usage: null,
    costMicroUsd: null,
  },
} as const;

function liveRun(...contents: string[]): LiveRun {
  const run = new LiveRun("run_1", 1, new Fanout());
  run.append(START);
  for (const content of contents) {
    run.append({ event: "chunk", data: { content } });
  }
  return run;
}

async function collect(
  source: AsyncGenerator<PlacedEvent[], void, void>,
): Promise<string[]> {
  const seen: string[] = [];
  for await (const batch of source) {
    for (const { position, event } of batch) {
      const text = event.event === "chunk" ? `=${event.data.content}` : "";
      seen.push(`${formatPosition(position)} ${event.event}${text}`);
    }
  }
  return seen;
}

const never = () => new AbortController().signal;

Deno.test("followLive: replays from the beginning, then goes on live to the end", async () => {
  const run = liveRun("a");
  const collected = collect(followLive(run, null, never()));
  run.append({ event: "chunk", data: { content: "b" } });
  await Promise.resolve();
  run.append(DONE);
  assert.deepEqual(await collected, [
    "1.0 start",
    "1.1 chunk=a",
    "1.2 chunk=b",
    "1.3 done",
  ]);
});

Deno.test("followLive: goes on after any place, without loss and without repeat", async () => {
  const run = liveRun("a", "b", "c");
  run.append(DONE);
  const all = await collect(followLive(run, null, never()));
  for (let seq = 0; seq <= run.lastSeq; seq += 1) {
    const rest = await collect(followLive(run, { epoch: 1, seq }, never()));
    assert.deepEqual(rest, all.slice(seq + 1), `after 1.${seq}`);
  }
});

Deno.test("followLive: a place the run never had is told by reset and replayed", async () => {
  const run = liveRun("a");
  run.append(DONE);
  for (
    const after of [
      { epoch: 1, seq: 99 },
      { epoch: 2, seq: 0 },
      "unknown",
    ] as const
  ) {
    assert.deepEqual(
      await collect(followLive(run, after, never())),
      ["1.0 reset", "1.1 chunk=a", "1.2 done"],
    );
  }
});

Deno.test("followLive: ends when the caller's signal aborts while it waits", async () => {
  const run = liveRun("a");
  const gone = new AbortController();
  const collected = collect(followLive(run, null, gone.signal));
  await Promise.resolve();
  gone.abort();
  assert.deepEqual(await collected, ["1.0 start", "1.1 chunk=a"]);
});

Deno.test("followLive: an abandoned run ends without a last event", async () => {
  const run = liveRun("a");
  const collected = collect(followLive(run, null, never()));
  run.abandon();
  assert.deepEqual(await collected, ["1.0 start", "1.1 chunk=a"]);
});

Deno.test("followLive: a run broken off says why, at the place of its newest event", async () => {
  const run = liveRun("a");
  const error = {
    code: "storage_unavailable",
    message: "Later",
    retryable: true,
  };
  run.breakOff({ event: "error", data: error });
  const all = ["1.0 start", "1.1 chunk=a", "1.1 error"];
  assert.deepEqual(await collect(followLive(run, null, never())), all);
  const rest = await collect(followLive(run, { epoch: 1, seq: 1 }, never()));
  assert.deepEqual(rest, ["1.1 error"]);
});

Deno.test("LiveRun: nothing follows the last event", () => {
  const run = liveRun();
  run.append(DONE);
  assert.throws(() => run.append(DONE), /has ended/);
});

Deno.test("replayEnded: gives what a live follower would have got", async () => {
  const run = liveRun("a", "b");
  run.append(DONE);
  for (
    const after of [null, { epoch: 1, seq: 1 }, { epoch: 1, seq: 3 }, {
      epoch: 9,
      seq: 1,
    }]
  ) {
    assert.deepEqual(
      await collect(replayEnded(1, [...run.events], after)),
      await collect(followLive(run, after, never())),
    );
  }
});

Deno.test("parsePosition: reads epoch.seq and nothing else", () => {
  assert.deepEqual(parsePosition("1.0"), { epoch: 1, seq: 0 });
  assert.deepEqual(parsePosition("12.345"), { epoch: 12, seq: 345 });
  assert.equal(parsePosition(null), null);
  assert.equal(parsePosition(""), null);
  for (
    const text of [
      "1",
      "0.1",
      "1.-1",
      "-1.1",
      "1.1.1",
      "1.01",
      "x.y",
      "1.1e3",
      `${"9".repeat(40)}.1`,
    ]
  ) {
    assert.equal(parsePosition(text), "unknown", text);
  }
});

Deno.test("follow: whoever comes from an earlier epoch hears why it began again, once, live and ended", async () => {
  const run = new LiveRun("run_1", 2, new Fanout());
  const reset = {
    event: "reset",
    data: { epoch: 2, reason: "The server was stopped while it answered" },
  } as const;
  run.append(reset);
  run.append({ event: "chunk", data: { content: "a" } });
  run.append(DONE);
  const earlier = { epoch: 1, seq: 7 };
  for (
    const source of [
      followLive(run, earlier, never()),
      replayEnded(2, [...run.events], earlier),
    ]
  ) {
    const seen = (await Array.fromAsync(source)).flat();
    const resets = seen.map(({ event }) => event)
      .filter(({ event }) => event === "reset");
    assert.deepEqual(resets, [reset]);
    assert.equal(formatPosition(seen[0].position), "2.0");
    assert.equal(seen.length, 3);
  }
});
