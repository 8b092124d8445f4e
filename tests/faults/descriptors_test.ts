/** More connections than the process may have: what was begun ends well, and the server comes back. */
import assert from "node:assert/strict";
import type { RunEvent } from "@/lib/shared/wire.ts";
import { startChat } from "../support/chat_client.ts";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { serveArguments, startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";

/** Descriptors of the process under test: the least that the setting takes, and some more. */
const DESCRIPTORS = 400;
const STREAMS = 60;
/** More than the process can hold. */
const IDLE_CONNECTIONS = 600;

const OPTIONS = { accept: "text/event-stream" };

/** Name and data of the last event of a stream. */
function lastEvent(text: string): RunEvent {
  const frames = text.trim().split("\n\n").filter((it) => it.includes("data:"));
  const last = frames.at(-1)!;
  return {
    event: /^event: (.*)$/m.exec(last)![1],
    data: JSON.parse(/^data: (.*)$/m.exec(last)![1]),
  } as RunEvent;
}

async function connectIdle(url: string): Promise<Deno.Conn[]> {
  const { hostname, port } = new URL(url);
  const connections: Deno.Conn[] = [];
  for (let index = 0; index < IDLE_CONNECTIONS; index += 1) {
    // Refused for a moment while the server comes back; that is part of the storm.
    await Deno.connect({ hostname, port: Number(port) }).then(
      (connection) => connections.push(connection),
      () => {},
    );
  }
  return connections;
}

Deno.test("descriptors: idle connections beyond the limit break no stream, and the server comes back", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  await using upstream = {
    ...await startFakeUpstream({}),
    async [Symbol.asyncDispose]() {
      await this.close();
      await Deno.remove(dataDir, { recursive: true });
    },
  };
  await using server = await startProcess(dataDir, {
    command: "bash",
    args: [
      "-c",
      `ulimit -n ${DESCRIPTORS}; exec "$@"`,
      "limited",
      Deno.execPath(),
      ...serveArguments(dataDir),
    ],
    env: {
      OPENAI_API_KEY: "sk-test",
      OPENAI_BASE_URL: upstream.url,
      FRESHET_MAX_FDS: String(DESCRIPTORS),
    },
  });
  upstream.hold();
  const streams = await Promise.all(
    Array.from({ length: STREAMS }, async () => {
      const response = await server.post(
        "/api/stream",
        { query: "Go on" },
        OPTIONS,
      );
      assert.equal(response.status, 200);
      return response;
    }),
  );
  const texts = streams.map((each) => each.text());
  const idle = await connectIdle(server.url);
  try {
    await waitFor(
      "the limit to be hit",
      () => server.logLines.some((it) => it.includes("can be accepted")),
    );
  } finally {
    for (const connection of idle) connection.close();
  }
  await waitFor("the server to be ready again", async () => {
    const answer = await server.fetch("/readyz").catch(() => null);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }, 5_000);
  upstream.release();
  for (const text of await Promise.all(texts)) {
    const { event, data } = lastEvent(text);
    assert.equal(event, "done");
    assert.equal((data as { status: string }).status, "completed");
  }
  const answer = await server.post("/api/stream", { query: "Again" }, OPTIONS);
  assert.equal(lastEvent(await answer.text()).event, "done");
});

Deno.test("overload: what is beyond the limit is 503 at once, what was begun ends well, and Stop always works", async () => {
  await using rig = await startChat(
    {},
    { configFile: { admission: { maxStreams: 8 } } },
  );
  rig.upstream.hold();
  const answers = await Promise.all(
    Array.from(
      { length: 20 },
      () => rig.app.post("/api/stream", { query: "Go on" }, OPTIONS),
    ),
  );
  const admitted = answers.filter(({ status }) => status === 200);
  const refused = answers.filter(({ status }) => status === 503);
  assert.equal(admitted.length, 8);
  assert.equal(refused.length, 12);
  for (const response of refused) {
    assert.equal(response.headers.get("retry-after"), "1");
    assert.equal((await response.json()).code, "overloaded");
  }
  const ready = await rig.app.fetch("/readyz");
  assert.equal(ready.status, 503);
  const { checks } = await ready.json();
  const check = checks.find((each: { name: string }) =>
    each.name === "admission"
  );
  assert.deepEqual(check, {
    name: "admission",
    status: "fail",
    reason: "8 are in progress",
  });
  const stopped = await rig.app.post(
    `${admitted[0].headers.get("location")}/cancel`,
    {},
  );
  assert.equal(stopped.status, 200);
  assert.equal((await stopped.json()).status, "cancelled");
  rig.upstream.release();
  const ends = await Promise.all(
    admitted.map(async (each) => lastEvent(await each.text())),
  );
  assert.deepEqual(
    ends.map(({ data }) => (data as { status: string }).status),
    ["cancelled", ...Array.from({ length: 7 }, () => "completed")],
  );
  await waitFor(
    "the server to be ready again",
    async () => (await rig.app.services.health.readiness()).status === "ready",
  );
});
