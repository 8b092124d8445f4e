/** What is under way for a key when the key ends, over HTTP. */
import assert from "node:assert/strict";
import OpenAI from "openai";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { newThread } from "../support/chat_client.ts";
import { readEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import {
  bearer,
  clientWith,
  type MadeKey,
  makeKey,
  revokeKey,
} from "./key_rig.ts";
import {
  allEvents,
  type ChatRig,
  openAIError,
  question,
  type SseEvent,
  sseEvents,
  startChat,
  textOf,
} from "./v1_rig.ts";

const TEXT = "one two three four five six seven eight nine ten";
const SAYS = { text: TEXT, usage: "own" as const, split: false };

/** Begins a streamed answer, reads three pieces of it and holds the rest back. */
async function begin(
  { app, upstream }: ChatRig,
  { key }: MadeKey,
  headers: Record<string, string> = {},
) {
  upstream.hold();
  const asked = app.post("/v1/chat/completions", question({ stream: true }), {
    ...bearer(key),
    ...headers,
  });
  const index = upstream.chats().length;
  await upstream.waitForChat(index);
  upstream.release(3);
  const response = await asked;
  const events = sseEvents(response.body!);
  const seen: SseEvent[] = [];
  while (textOf(seen).trim().split(" ").length < 3) {
    seen.push((await events.next()).value!);
  }
  const run = response.headers.get("x-freshet-run")!;
  return { run, events, index };
}

/** Asserts that a stream says that the key has ended, and nothing after. */
function assertRefused(events: readonly SseEvent[]): void {
  assert.equal(events.length, 2, JSON.stringify(events));
  const [refusal, done] = events;
  const { error } = JSON.parse(refusal.data);
  assert.equal(error.code, "invalid_api_key");
  assert.equal(error.type, "invalid_request_error");
  assert.equal(done.data, "[DONE]");
}

/** The run, as somebody sees it who needs no key. */
// deno-lint-ignore no-explicit-any -- the shape is what the tests are about
function endedRun({ app }: ChatRig, id: string): Promise<any> {
  return waitFor("the end of the run", async () => {
    const run = await (await app.fetch(`/v1/runs/${id}`)).json();
    return run.status !== "running" && run;
  });
}

async function ledgerOf({ app }: ChatRig, run: string) {
  const rows = await Array.fromAsync(
    app.services.ledger.rows(
      FIRST_WORKSPACE,
      0,
      Number.MAX_SAFE_INTEGER,
      AbortSignal.timeout(10_000),
    ),
  );
  return rows.filter((row) => row.run === run);
}

for (const detach of ["false", "true"]) {
  const kind = detach === "true" ? "a detached" : "an attached";
  Deno.test(`keys: ${kind} run of a revoked key stops, keeps its text and is billed`, async () => {
    await using rig = await startChat({ behaviour: SAYS });
    const made = await makeKey(rig.app);
    const { run, events, index } = await begin(rig, made, {
      "x-freshet-detach": detach,
    });
    await revokeKey(rig.app, made.id);
    assertRefused(await Array.fromAsync(events));
    await rig.upstream.waitForHangUp(index);
    const ended = await endedRun(rig, run);
    assert.equal(ended.status, "cancelled");
    assert.match(ended.output_text, /^one two three/);
    assert.ok(ended.output_text.length < TEXT.length);
    const [row, ...more] = await waitFor("the ledger", async () => {
      const rows = await ledgerOf(rig, run);
      return rows.length > 0 && rows;
    });
    assert.equal(more.length, 0);
    assert.equal(row.key, made.id);
    assert.equal(row.user, FIRST_USER);
    assert.equal(row.status, "cancelled");
    assert.ok(row.outputTokens > 0);
  });
}

Deno.test("keys: a key that ends by its time ends its streams", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const made = await makeKey(rig.app);
  const { run, events } = await begin(rig, made);
  const expiresAt = new Date(Date.now() + 2_000).toISOString();
  const changed = await rig.app.fetch(`/api/keys/${made.id}`, {
    method: "PATCH",
    headers: { "content-type": "application/json", "if-match": "*" },
    body: JSON.stringify({ expiresAt }),
  });
  assert.equal(changed.status, 200, await changed.text());
  assertRefused(await Array.fromAsync(events));
  assert.ok(Date.now() >= Date.parse(expiresAt));
  assert.equal((await endedRun(rig, run)).status, "cancelled");
});

Deno.test("keys: OpenAI's client hears that its key was revoked", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const made = await makeKey(rig.app);
  rig.upstream.hold();
  const asked = clientWith(rig.app, made.key).chat.completions.create({
    ...question(),
    stream: true,
  });
  await rig.upstream.waitForChat(0);
  rig.upstream.release(2);
  const stream = await asked;
  let text = "";
  await assert.rejects(
    async () => {
      for await (const chunk of stream) {
        text += chunk.choices[0]?.delta.content ?? "";
        if (text.includes("two")) void revokeKey(rig.app, made.id);
      }
    },
    (error) =>
      error instanceof OpenAI.APIError && error.code === "invalid_api_key",
  );
});

Deno.test("keys: who waits for a whole answer is refused when the key ends", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const made = await makeKey(rig.app);
  rig.upstream.hold();
  const asked = rig.app.post(
    "/v1/chat/completions",
    question(),
    bearer(made.key),
  );
  await rig.upstream.waitForChat(0);
  rig.upstream.release(3);
  await revokeKey(rig.app, made.id);
  await openAIError(await asked, 401, "invalid_api_key");
});

Deno.test("keys: followers with the key end, those with another go on", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const [made, follower] = await Promise.all([
    makeKey(rig.app),
    makeKey(rig.app, { readOnly: true }),
  ]);
  const { run, events } = await begin(rig, made);
  const follow = async ({ key }: MadeKey, path: string) =>
    (await rig.app.fetch(path, { headers: bearer(key) })).body!;
  const following = sseEvents(await follow(follower, `/v1/runs/${run}/events`));
  const text: SseEvent[] = [];
  while (!textOf(text).includes("three")) {
    text.push((await following.next()).value!);
  }
  await revokeKey(rig.app, follower.id);
  assertRefused(await Array.fromAsync(following));
  rig.upstream.release();
  const rest = await Array.fromAsync(events);
  assert.equal(rest.at(-1)!.data, "[DONE]");
  assert.equal((await endedRun(rig, run)).status, "completed");
});

Deno.test("keys: streams of the browser's API and its live feed end with the key", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { app, upstream } = rig;
  const made = await makeKey(app, { scopes: ["api"] });
  const headers = bearer(made.key);
  const live = await app.fetch("/api/live?channels=threads", { headers });
  const messages = readEvents(live.body!);
  assert.equal((await messages.next()).value!.data.type, "hello");
  const thread = await newThread(app);
  upstream.hold();
  const asked = app.post(`/api/threads/${thread.id}/runs`, {
    message: { content: "How high is the river?" },
  }, { ...headers, accept: "text/event-stream" });
  await upstream.waitForChat(0);
  upstream.release(3);
  const response = await asked;
  const events = readEvents(response.body!);
  const first = (await events.next()).value!;
  assert.equal(first.event, "start");
  await revokeKey(app, made.id);
  const rest = await Array.fromAsync(events);
  const last = rest.at(-1)!;
  assert.equal(last.event, "error", JSON.stringify(rest));
  assert.equal(last.data.code, "invalid_api_key");
  const told = await Array.fromAsync(messages);
  assert.deepEqual(told.at(-1)!.data.type, "ended");
  assert.deepEqual(told.at(-1)!.data.data.code, "invalid_api_key");
  const run = await waitFor("the end of the run", async () => {
    const { runId } = first.data;
    const run = await (await app.fetch(`/api/runs/${runId}`)).json();
    return run.status !== "running" && run;
  });
  assert.equal(run.status, "cancelled");
});

Deno.test("keys: what a page has asked goes on when a key ends", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { app, upstream } = rig;
  const made = await makeKey(app);
  upstream.hold();
  const asked = app.post("/v1/chat/completions", question({ stream: true }));
  await upstream.waitForChat(0);
  await revokeKey(app, made.id);
  upstream.release();
  assert.equal(textOf(await allEvents(await asked)), TEXT);
  assert.equal(app.services.accessWatch.size, 0);
});

Deno.test("keys: nothing is watched any more when nothing goes on", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { app } = rig;
  const made = await makeKey(app);
  const answers = await Promise.all(
    Array.from(
      { length: 10 },
      () =>
        app.post("/v1/chat/completions", question({ stream: true }), {
          ...bearer(made.key),
          "x-freshet-cache": "bypass",
        }),
    ),
  );
  for (const answer of answers) {
    assert.equal(textOf(await allEvents(answer)), TEXT);
  }
  await waitFor(
    "the end of the watch",
    () => app.services.accessWatch.size === 0,
  );
});
