/** Many followers, some of which never read: nobody waits for them, and memory stays bounded. */
import assert from "node:assert/strict";
import { ask, newThread } from "../support/chat_client.ts";
import type { Behaviour } from "../support/fake_upstream.ts";
import type { ServerProcess } from "../support/process.ts";
import { RawFollower } from "../support/raw_follower.ts";
import { processRig, STEP_DEADLINE_MS } from "./process_rig.ts";

const MEGABYTE = 1024 * 1024;

/** Questions that are asked at the same time. */
const ASKED_AT_ONCE = 20;
const SAMPLE_EVERY_MS = 100;

interface Crowd {
  runs: number;
  /** Followers of each run that read. */
  readers: number;
  /** Followers of each run that never do. */
  silent: number;
  answer: Behaviour & { text: string };
}

async function residentBytes({ child: { pid } }: ServerProcess) {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024;
}

/** Looks at the memory of a server again and again. */
function watchMemory(server: ServerProcess) {
  const samples: Promise<number>[] = [];
  const timer = setInterval(
    () => samples.push(residentBytes(server)),
    SAMPLE_EVERY_MS,
  );
  return {
    /** The most that was seen, in bytes. */
    async stop(): Promise<number> {
      clearInterval(timer);
      return Math.max(...await Promise.all(samples));
    },
  };
}

async function askMany(server: ServerProcess, count: number) {
  const ids: string[] = [];
  while (ids.length < count) {
    const batch = Math.min(ASKED_AT_ONCE, count - ids.length);
    ids.push(
      ...await Promise.all(Array.from({ length: batch }, async () => {
        const thread = await newThread(server);
        const body = { message: { content: "x" } };
        return (await ask(server, thread.id, body)).run.id;
      })),
    );
  }
  return ids;
}

async function follow(server: ServerProcess, runId: string) {
  const follower = new RawFollower(runId);
  await follower.open(server.url);
  return follower;
}

/** Bytes by which the server's memory has grown while the readers got their answers whole. */
async function serve(
  { runs, readers, silent, answer }: Crowd,
): Promise<number> {
  await using rig = await processRig({
    models: ["fake-1"],
    behaviour: answer,
  });
  const { upstream } = rig;
  await using server = await rig.start();
  const before = await residentBytes(server);
  const memory = watchMemory(server);
  upstream.hold();
  const ids = await askMany(server, runs);
  await upstream.waitForChat(runs - 1, STEP_DEADLINE_MS);
  const reading: RawFollower[] = [];
  const quiet: RawFollower[] = [];
  try {
    for (const id of ids) {
      for (let count = 0; count < silent + readers; count += 1) {
        const follower = await follow(server, id);
        (count < silent ? quiet : reading).push(follower);
      }
    }
    upstream.release();
    await Promise.all(reading.map((follower) => follower.drain()));
    const grown = await memory.stop() - before;
    for (const { text, events } of reading) {
      assert.equal(text, answer.text);
      assert.equal(events.at(-1)!.data.status, "completed");
    }
    // One that begins to read at last has missed nothing.
    const [late] = quiet;
    await late.drain();
    assert.equal(late.text, answer.text);
    return grown;
  } finally {
    for (const follower of [...reading, ...quiet]) follower.cut();
  }
}

const ignore = Deno.build.os !== "linux";

Deno.test({
  name:
    "500 runs with 3 followers each, one of them never reading: the others are served, and memory stays bounded",
  ignore,
  fn: async () => {
    const text = Array.from({ length: 60 }, (_, word) => `w${word}`).join(" ");
    const grown = await serve({
      runs: 500,
      readers: 2,
      silent: 1,
      answer: { text, tokensPerSecond: 20, split: false },
    });
    // 0.3 MB for each follower is three times what is usual.
    const limit = 500 * 3 * 0.3 * MEGABYTE;
    assert.ok(grown <= limit, `${Math.round(grown / MEGABYTE)} MB`);
  },
});

Deno.test({
  name:
    "answers of a megabyte with 25 followers each that never read: what they have not read is not kept for them",
  ignore,
  fn: async () => {
    const grown = await serve({
      runs: 4,
      readers: 1,
      silent: 25,
      answer: { text: "0123456789abcde ".repeat(MEGABYTE / 16), burst: 500 },
    });
    // Kept apart for each follower, the 5 MB of events of each answer would be 500 MB more.
    assert.ok(grown <= 480 * MEGABYTE, `${Math.round(grown / MEGABYTE)} MB`);
  },
});
