/** The server as a process: killed, stopped, started wrongly. */
import assert from "node:assert/strict";
import {
  ask,
  askStream,
  followRun,
  getRun,
  newThread,
} from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import {
  bareEnvironment,
  serveArguments,
  startProcess,
} from "../support/process.ts";
import { assemble, readEvents } from "../support/sse.ts";
import { rounds } from "../support/size.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "one two three four five six seven eight nine ten";

const START_DEADLINE_MS = 60_000;

/** A folder for a store, an upstream, and the settings that join them. */
async function rig() {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: { text: TEXT, split: false },
  });
  return {
    dataDir,
    upstream,
    options: {
      env: { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url },
    },
    async [Symbol.asyncDispose]() {
      upstream.release();
      await upstream.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
}

Deno.test("kill -9: what was told as done is there after a restart, many times over", async () => {
  await using given = await rig();
  const { dataDir, options } = given;
  const ROUNDS = rounds(10, 100);
  const done: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await using server = await startProcess(dataDir, options);
    for (const runId of done) {
      assert.equal((await getRun(server, runId)).outputText, TEXT);
    }
    const thread = await newThread(server);
    const response = await askStream(server, thread.id, {
      message: { content: "x" },
    });
    for await (const { event, data } of readEvents(response.body!)) {
      if (event === "start") done.push(data.runId);
      if (event === "done") await server.kill("SIGKILL");
    }
  }
  assert.equal(done.length, ROUNDS);
});

Deno.test("SIGTERM: followers are sent away, the answer is handed over, exit 0 within 5 s", async () => {
  await using given = await rig();
  const { dataDir, upstream, options } = given;
  upstream.hold();
  let runId: string;
  let lastId: string;
  {
    await using server = await startProcess(dataDir, options);
    const thread = await newThread(server);
    const response = await askStream(server, thread.id, {
      message: { content: "x" },
    });
    const events = readEvents(response.body!);
    runId = (await events.next()).value!.data.runId;
    upstream.release(2);
    await events.next();
    const from = performance.now();
    const ended = server.kill("SIGTERM");
    const rest = await Array.fromAsync(events);
    const status = await ended;
    assert.equal(status.code, 0, server.logLines.join("\n"));
    assert.ok(performance.now() - from < 5_000);
    assert.ok(rest.every(({ event }) => event === "chunk"));
    lastId = rest.at(-1)?.id ?? "1.1";
    await upstream.waitForHangUp(0);
  }
  await using server = await startProcess(dataDir, options);
  assert.equal((await getRun(server, runId)).status, "running");
  upstream.release();
  const events = await followRun(server, runId, lastId);
  assert.equal(events[0].id, "2.0");
  assert.equal(events[0].event, "reset");
  assert.equal(assemble(events), TEXT);
  assert.equal(events.at(-1)!.data.status, "completed");
});

Deno.test("SIGTERM: with FRESHET_DRAIN_MS a running answer finishes first", async () => {
  await using given = await rig();
  const { dataDir, upstream, options } = given;
  upstream.hold();
  await using server = await startProcess(dataDir, {
    env: { ...options.env, FRESHET_DRAIN_MS: "20000" },
  });
  const thread = await newThread(server);
  const response = await askStream(server, thread.id, {
    message: { content: "x" },
  });
  const events = readEvents(response.body!);
  await events.next();
  const ended = server.kill("SIGTERM");
  await waitFor(
    "the stop to begin",
    () => server.logLines.some((line) => line.includes("Stopping")),
  );
  upstream.release();
  const rest = await Array.fromAsync(events);
  assert.equal(rest.at(-1)!.data.status, "completed");
  assert.equal((await ended).code, 0);
});

Deno.test("two processes on one file: the start of one leaves the other's answer alone", async () => {
  await using given = await rig();
  const { dataDir, upstream, options } = given;
  upstream.hold();
  await using first = await startProcess(dataDir, options);
  const thread = await newThread(first);
  const { run } = await ask(first, thread.id, { message: { content: "x" } });
  await using second = await startProcess(dataDir, options);
  assert.equal((await getRun(second, run.id)).status, "running");
  upstream.release();
  assert.equal(assemble(await followRun(first, run.id)), TEXT);
  assert.equal((await getRun(second, run.id)).outputText, TEXT);
});

Deno.test("start: a wrong setting ends it with one line that names it", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  try {
    for (
      const [name, value, more] of [
        ["PORT", "eighty"],
        ["FRESHET_AUTH", "ldap"],
        ["HOST", "0.0.0.0", { FRESHET_AUTH: "local" }],
        ["PUBLIC_URL", "https://chat.example.org", { FRESHET_AUTH: "local" }],
        ["FRESHET_CONFIG", `${dataDir}/missing.json`],
        ["HOST", "127.0.0.300"],
      ] as [string, string, Record<string, string>?][]
    ) {
      const { code, stderr } = await new Deno.Command(Deno.execPath(), {
        args: serveArguments(dataDir),
        clearEnv: true,
        env: {
          ...bareEnvironment(),
          DATA_DIR: dataDir,
          ...more,
          [name]: value,
        },
        stdin: "null",
        // A setting that can be used after all would serve for ever.
        signal: AbortSignal.timeout(START_DEADLINE_MS),
      }).output();
      const lines = new TextDecoder().decode(stderr).trim().split("\n");
      assert.equal(code, 1, name);
      assert.equal(lines.length, 1, lines.join("\n"));
      assert.ok(lines[0].includes(`${name}="${value}"`), lines[0]);
    }
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});

Deno.test("start: a port that is taken ends it with one line", async () => {
  await using given = await rig();
  await using server = await startProcess(given.dataDir, given.options);
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: serveArguments(given.dataDir),
    clearEnv: true,
    env: {
      ...bareEnvironment(),
      DATA_DIR: given.dataDir,
      PORT: new URL(server.url).port,
    },
    stdin: "null",
  }).output();
  const lines = new TextDecoder().decode(stderr).trim().split("\n");
  assert.equal(code, 1);
  assert.equal(lines.length, 1, lines.join("\n"));
  const { port } = new URL(server.url);
  assert.ok(lines[0].includes(`PORT="${port}"`), lines[0]);
});

Deno.test("start: a DATA_DIR that cannot hold the store ends it with one line that names it", async () => {
  const dataDir = await Deno.makeTempFile({ prefix: "freshet-test-" });
  try {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: serveArguments(dataDir),
      clearEnv: true,
      env: { ...bareEnvironment(), DATA_DIR: dataDir, PORT: "0" },
      stdin: "null",
    }).output();
    const lines = new TextDecoder().decode(stderr).trim().split("\n");
    assert.equal(code, 1);
    assert.equal(lines.length, 1, lines.join("\n"));
    assert.ok(lines[0].includes(`DATA_DIR="${dataDir}"`), lines[0]);
  } finally {
    await Deno.remove(dataDir);
  }
});

Deno.test("start: the task itself builds when needed, serves, and stops by a signal", async () => {
  await using given = await rig();
  // A folder with a space in its name is one argument all the same.
  await using server = await startProcess(`${given.dataDir}/with space`, {
    ...given.options,
    args: ["task", "start"],
  });
  assert.equal((await server.fetch("/readyz")).status, 200);
  const page = await (await server.fetch("/")).text();
  assert.match(page, /What would you like to know/);
  const { code } = await server.kill("SIGTERM");
  assert.equal(code, 0);
});
