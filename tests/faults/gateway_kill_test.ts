/** Runs of programs whose process dies: a detached one begins again, an attached one is over. */
import assert from "node:assert/strict";
import { startFakeUpstream } from "../support/fake_upstream.ts";
import { startProcess } from "../support/process.ts";
import { waitFor } from "../support/wait.ts";
import {
  allEvents,
  question,
  type SseEvent,
  sseEvents,
  textOf,
} from "../api/v1_rig.ts";

const TEXT = "one two three four five six seven eight nine ten";

/** A folder for a store, an upstream, and the settings that join them. */
async function rig() {
  const dataDir = await Deno.makeTempDir({ prefix: "freshet-test-" });
  const upstream = await startFakeUpstream({
    behaviour: { text: TEXT, split: false },
  });
  const env = { OPENAI_API_KEY: "sk-test", OPENAI_BASE_URL: upstream.url };
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

/** Begins a held run, and kills its process once another one finds three words of it in the store. */
async function beginAndKill(
  given: Awaited<ReturnType<typeof rig>>,
  survivor: Awaited<ReturnType<typeof startProcess>>,
  headers: Record<string, string>,
) {
  await using server = await given.start();
  given.upstream.hold();
  const asked = server.post(
    "/v1/chat/completions",
    question({ stream: true }),
    headers,
  );
  await given.upstream.waitForChat(0);
  given.upstream.release(3);
  const response = await asked;
  const id = response.headers.get("x-freshet-run")!;
  const events = sseEvents(response.body!);
  const seen: SseEvent[] = [];
  while (!textOf(seen).includes("three")) {
    seen.push((await events.next()).value!);
  }
  // Another process has only what is in the store.
  const followed = await waitFor("the run in the store", async () => {
    const found = await survivor.fetch(`/v1/runs/${id}/events`);
    if (found.status === 200) return found;
    await found.body?.cancel();
    return null;
  });
  const stored: SseEvent[] = [];
  const storedEvents = sseEvents(followed.body!);
  while (!textOf(stored).includes("three")) {
    stored.push((await storedEvents.next()).value!);
  }
  await storedEvents.return();
  await server.kill("SIGKILL");
  await events.next().catch(() => {});
  return { id, seen };
}

Deno.test("kill -9: a detached run begins again, and its followers hear of it by reset", async () => {
  await using given = await rig();
  await using server = await given.start();
  const { id, seen } = await beginAndKill(given, server, {
    "x-freshet-detach": "true",
  });
  given.upstream.release();
  const response = await server.fetch(`/v1/runs/${id}/events`, {
    headers: { "last-event-id": seen.at(-1)!.id! },
  });
  const events = await allEvents(response);
  const reset = events.find(({ event }) => event === "reset");
  assert.equal(reset?.id, "2.0");
  assert.equal(JSON.parse(reset.data).epoch, 2);
  assert.equal(textOf([...seen, ...events]), TEXT);
  assert.equal(events.at(-1)?.data, "[DONE]");
  const run = await (await server.fetch(`/v1/runs/${id}`)).json();
  assert.equal(run.status, "completed");
  assert.equal(run.epoch, 2);
  assert.equal(run.output_text, TEXT);
});

Deno.test("kill -9: the same Idempotency-Key finds the run that began again", async () => {
  await using given = await rig();
  const headers = { "idempotency-key": "once" };
  await using server = await given.start();
  const { id } = await beginAndKill(given, server, headers);
  given.upstream.release();
  const response = await server.post(
    "/v1/chat/completions",
    question({ stream: true }),
    headers,
  );
  assert.equal(response.headers.get("x-freshet-run"), id);
  assert.equal(textOf(await allEvents(response)), TEXT);
});

Deno.test("kill -9: an attached run is interrupted, with the text that had reached the store", async () => {
  await using given = await rig();
  await using server = await given.start();
  const { id } = await beginAndKill(given, server, {});
  given.upstream.release();
  const run = await waitFor("the run to be ended", async () => {
    const found = await (await server.fetch(`/v1/runs/${id}`)).json();
    return found.status !== "running" && found;
  });
  assert.equal(run.status, "interrupted");
  assert.equal(run.output_text.trim(), "one two three");
  assert.equal(given.upstream.chats().length, 1);
  const events = await allEvents(await server.fetch(`/v1/runs/${id}/events`));
  assert.match(events.at(-2)!.data, /"code":"run_interrupted"/);
  assert.equal(events.at(-1)!.data, "[DONE]");
});

Deno.test("SIGTERM: an attached run ends with an error for its caller, a detached one goes on in the next process", async () => {
  await using given = await rig();
  given.upstream.hold();
  let detached = "";
  {
    await using server = await given.start();
    const ask = (headers: Record<string, string>) =>
      server.post("/v1/chat/completions", question({ stream: true }), headers);
    const asked = [ask({}), ask({ "x-freshet-detach": "true" })];
    await given.upstream.waitForChat(1);
    given.upstream.release(2);
    const [attached, other] = await Promise.all(asked);
    detached = other.headers.get("x-freshet-run")!;
    const [{ success }, events, others] = await Promise.all([
      server.kill("SIGTERM"),
      allEvents(attached),
      allEvents(other),
    ]);
    assert.equal(success, true);
    assert.match(events.at(-2)!.data, /"code":"run_interrupted"/);
    assert.equal(events.at(-1)!.data, "[DONE]");
    assert.match(others.at(-2)!.data, /"code":"stream_interrupted"/);
  }
  given.upstream.release();
  await using server = await given.start();
  const events = await allEvents(
    await server.fetch(`/v1/runs/${detached}/events`),
  );
  assert.equal(textOf(events), TEXT);
});
