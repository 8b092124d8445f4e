/** Limits over processes of their own: several at a time, and killed ones. */
import assert from "node:assert/strict";
import { question } from "../api/v1_rig.ts";
import { askStream, getRun, newThread } from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { type ServerProcess, startProcess } from "../support/process.ts";
import { readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";

/** A folder for a store, an upstream, and servers that share both. */
async function rig(limits: Record<string, unknown>[]) {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: { text: "one two three four", split: false, usage: "own" },
  });
  const config = `${dataDir}/config.json`;
  await Deno.writeTextFile(
    config,
    JSON.stringify({ titles: { enabled: false }, limits }),
  );
  const env = {
    OPENAI_API_KEY: "sk-test",
    OPENAI_BASE_URL: upstream.url,
    FRESHET_CONFIG: config,
  };
  return {
    upstream,
    start: () => startProcess(dataDir, { env }),
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

async function statusOf(server: ServerProcess): Promise<number> {
  const response = await server.post("/v1/chat/completions", question());
  await response.body?.cancel();
  return response.status;
}

/** How many of so many requests at the same time, to each server in turn, are let in. */
async function admitted(
  servers: readonly ServerProcess[],
  count: number,
): Promise<number> {
  const statuses = await Promise.all(
    Array.from(
      { length: count },
      (_, index) => statusOf(servers[index % servers.length]),
    ),
  );
  assert.deepEqual([...new Set(statuses)].sort(), [200, 429]);
  return statuses.filter((status) => status === 200).length;
}

/** Begins an answer that the upstream holds back, and gives its run. */
async function begin(server: ServerProcess): Promise<string> {
  const thread = await newThread(server);
  const response = await askStream(server, thread.id, {
    message: { content: "x" },
  });
  const { value } = await readEvents(response.body!).next();
  return value!.data.runId;
}

Deno.test("limits over processes: two processes let in no more than the limit together, and all of a small one", async () => {
  await using given = await rig([{ subject: "user:*", requestsPerMinute: 30 }]);
  await using first = await given.start();
  await using second = await given.start();
  assert.equal(await admitted([first, second], 80), 30);
  assert.equal(given.upstream.chats().length, 30);
});

Deno.test("limits over processes: a limit that is taken in slices is not exceeded by two processes either", async () => {
  await using given = await rig([{
    subject: "user:*",
    requestsPerMinute: 100,
  }]);
  await using first = await given.start();
  await using second = await given.start();
  let count = 0;
  for (let round = 0; round < 3; round += 1) {
    const statuses = await Promise.all(
      Array.from(
        { length: 60 },
        (_, index) => statusOf(index % 2 === 0 ? first : second),
      ),
    );
    count += statuses.filter((status) => status === 200).length;
  }
  assert.ok(count <= 100, `${count}`);
  // Each may hold back what is left of a slice.
  assert.ok(count >= 80, `${count}`);
  assert.equal(given.upstream.chats().length, count);
});

Deno.test("limits over processes: what was used is still used after kill -9", async () => {
  await using given = await rig([{ subject: "user:*", requestsPerMinute: 10 }]);
  const first = await given.start();
  assert.equal(await admitted([first], 15), 10);
  await first.kill("SIGKILL");
  await using second = await given.start();
  assert.equal(await statusOf(second), 429);
});

Deno.test("limits over processes: runs of a killed process go on within the limit of answers at once", async () => {
  await using given = await rig([{ subject: "user:*", concurrentRuns: 2 }]);
  given.upstream.hold();
  const first = await given.start();
  const runs = [await begin(first), await begin(first)];
  await using second = await given.start();
  const lower = await second.fetch("/api/limits", {
    method: "PUT",
    headers: { "content-type": "application/json", "if-match": "*" },
    body: JSON.stringify({ items: [{ subject: "user:*", concurrentRuns: 1 }] }),
  });
  assert.equal(lower.status, 200, await lower.text());
  await first.kill("SIGKILL");
  const epochs = async () =>
    (await Promise.all(runs.map((run) => getRun(second, run))))
      .map(({ epoch, status }) => `${epoch} ${status}`).sort();
  await waitFor(
    "one of them to go on",
    async () => (await epochs()).includes("2 running"),
  );
  // There is no place for the other, nor for anybody else.
  assert.deepEqual(await epochs(), ["1 running", "2 running"]);
  assert.equal(await statusOf(second), 429);
  given.upstream.release();
  await waitFor(
    "both to end",
    async () => (await epochs()).every((state) => state === "2 completed"),
  );
  await waitFor("a place", async () => await statusOf(second) === 200);
});
