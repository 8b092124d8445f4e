/** Followers whose connections are cut at random bytes, over one process and over two on one file. */
import assert from "node:assert/strict";
import { ask, getRun, newThread } from "../support/chat_client.ts";
import { answerText } from "../support/fake_upstream_chunks.ts";
import { seededRandom } from "../support/fake_upstream_random.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { RawFollower } from "../support/raw_follower.ts";
import { rounds } from "../support/size.ts";

const SEED = Number(
  Deno.env.get("FAULT_SEED") ?? Math.floor(Math.random() * 1e9),
);

/** Runs that are answered at the same time. */
const RUNS_AT_ONCE = 20;
const BATCHES = rounds(1, 10);
const FOLLOWERS = 2;
/** Cuts of each follower; the whole stream of a run is many times longer than all of them take. */
const CUTS = 5;
const MAX_CUT_BYTES = 900;
/** Words of a question, which the upstream says back. */
const WORDS = 80;
const TOKENS_PER_SECOND = 60;

const ALPHABET = [
  "a",
  "ß",
  "水",
  "河川",
  "🌊",
  "👋🏽",
  '"',
  "\\",
  "e\u0301",
  "\t",
];

type Random = () => number;

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)];
}

function randomText(random: Random): string {
  const word = () =>
    Array.from(
      { length: 1 + Math.floor(random() * 6) },
      () => pick(random, ALPHABET),
    ).join("");
  return `x${Array.from({ length: WORDS }, word).join(" ")}x`;
}

/** So many servers on one store, and their upstream. */
async function rig(servers: number, model: "fake-1" | "held") {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    seed: SEED,
    models: ["fake-1", "held"],
    behaviour: { tokensPerSecond: TOKENS_PER_SECOND },
  });
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url };
  const started: ServerProcess[] = [];
  for (let index = 0; index < servers; index += 1) {
    started.push(await startProcess(dataDir, { env }));
  }
  /** Asks in a new thread, in any of the processes. */
  const begin = async (random: Random) => {
    const server = pick(random, started);
    const content = randomText(random);
    const thread = await newThread(server);
    const { run } = await ask(server, thread.id, {
      message: { content },
      model,
    });
    const messages = [{ role: "user", content }];
    return { runId: run.id, expected: answerText({ model, messages }) };
  };
  return {
    upstream,
    servers: started,
    begin,
    async [Symbol.asyncDispose]() {
      upstream.release();
      for (const server of started) await server[Symbol.asyncDispose]();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

type Rig = Awaited<ReturnType<typeof rig>>;

/** Follows to the end through cuts at random bytes, each time over any of the processes. */
async function followThroughCuts(
  { servers }: Rig,
  runId: string,
  random: Random,
): Promise<RawFollower> {
  using follower = new RawFollower(runId);
  for (let cut = 0; cut < CUTS; cut += 1) {
    await follower.open(pick(random, servers).url);
    let left = 1 + Math.floor(random() * MAX_CUT_BYTES);
    while (left > 0) {
      const count = await follower.read(left);
      assert.ok(count > 0, "the stream ended before its run");
      left -= count;
    }
    follower.cut();
  }
  while (!follower.ended) {
    await follower.open(pick(random, servers).url);
    await follower.drain();
  }
  return follower;
}

async function cutAtRandomBytes(servers: number): Promise<void> {
  await using given = await rig(servers, "fake-1");
  const random = seededRandom(SEED + servers);
  for (let batch = 0; batch < BATCHES; batch += 1) {
    await Promise.all(
      Array.from({ length: RUNS_AT_ONCE }, async () => {
        const { runId, expected } = await given.begin(random);
        const followers = await Promise.all(
          Array.from(
            { length: FOLLOWERS },
            () => followThroughCuts(given, runId, random),
          ),
        );
        for (const follower of followers) {
          assert.equal(follower.text, expected, `FAULT_SEED=${SEED}`);
          assert.equal(follower.events.at(-1)!.data.status, "completed");
          const resets = follower.events.filter(({ event }) =>
            event === "reset"
          );
          assert.deepEqual(resets, [], `FAULT_SEED=${SEED}`);
        }
        for (const server of given.servers) {
          assert.equal((await getRun(server, runId)).outputText, expected);
        }
      }),
    );
  }
}

Deno.test("cuts at random bytes, one process: every follower has the answer byte for byte", async () => {
  await cutAtRandomBytes(1);
});

Deno.test("cuts at random bytes, two processes on one file: every follower has the answer byte for byte", async () => {
  await cutAtRandomBytes(2);
});

/** Lets one token of each run through at a time; nothing further comes until all followers have it. */
async function tokenByToken(servers: number): Promise<void> {
  await using given = await rig(servers, "held");
  const { upstream } = given;
  const random = seededRandom(SEED + servers);
  const TOKENS = rounds(15, 60);
  const RUNS = 10;
  const runs = [];
  for (let index = 0; index < RUNS; index += 1) {
    runs.push(await given.begin(random));
  }
  await upstream.waitForChat(RUNS - 1);
  const followers = runs.map(({ runId }) => new RawFollower(runId));
  try {
    for (const follower of followers) {
      await follower.open(pick(random, given.servers).url);
      assert.equal((await follower.next()).event, "start");
    }
    for (let token = 1; token <= TOKENS; token += 1) {
      const cut = () => {
        const unlucky = followers.filter(() => random() < 0.3);
        return Promise.all(
          unlucky.map((each) => each.open(pick(random, given.servers).url)),
        );
      };
      await cut();
      upstream.release(1);
      await cut();
      // Were the rest needed for this one to come, it would never come.
      for (const [index, follower] of followers.entries()) {
        while (follower.events.length <= token) await follower.next();
        assert.equal(follower.lastEventId, `1.${token}`, `FAULT_SEED=${SEED}`);
        assert.ok(runs[index].expected.startsWith(follower.text));
      }
    }
    upstream.release();
    for (const [index, follower] of followers.entries()) {
      await follower.drain();
      assert.equal(follower.text, runs[index].expected);
    }
  } finally {
    for (const follower of followers) follower.cut();
  }
}

Deno.test("after a reconnect, one process: the next token comes before the one after it is made", async () => {
  await tokenByToken(1);
});

Deno.test("after a reconnect, two processes on one file: the next token comes before the one after it is made", async () => {
  await tokenByToken(2);
});
