/** Runs of programs: found again, followed again, stopped, asked for twice. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { TestApp } from "../support/app.ts";
import { ask, newThread } from "../support/chat_client.ts";
import {
  allEvents,
  openAIError,
  postChat,
  question,
  type SseEvent,
  sseEvents,
  startChat,
  textOf,
} from "./v1_rig.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "one two three four five six seven eight nine ten";
const SAYS = { text: TEXT, usage: "own" as const, split: false };

// deno-lint-ignore no-explicit-any -- the shape is what the tests are about
async function getRun(app: TestApp, id: string): Promise<any> {
  const response = await app.fetch(`/v1/runs/${id}`);
  assert.equal(response.status, 200);
  return await response.json();
}

/** The run once it has ended. */
function ended(app: TestApp, id: string) {
  return waitFor("the end of the run", async () => {
    const run = await getRun(app, id);
    return run.status !== "running" && run;
  });
}

/** Begins a held run and reads so many pieces of it. */
async function begin(
  rig: Awaited<ReturnType<typeof startChat>>,
  headers: Record<string, string>,
  pieces = 3,
) {
  rig.upstream.hold();
  const gone = new AbortController();
  const asked = rig.app.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(question({ stream: true })),
    signal: gone.signal,
  });
  await rig.upstream.waitForChat(rig.upstream.chats().length);
  rig.upstream.release(pieces);
  const response = await asked;
  const id = response.headers.get("x-freshet-run")!;
  const events = sseEvents(response.body!);
  const seen: SseEvent[] = [];
  while (textOf(seen).split(" ").length <= pieces) {
    seen.push((await events.next()).value!);
  }
  return { id, events, seen, hangUp: () => gone.abort() };
}

Deno.test("runs: a run tells its state, text, usage and end", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const response = await postChat(rig.app, question({ stream: true }));
  await response.body?.pipeTo(new WritableStream());
  const run = await getRun(rig.app, response.headers.get("x-freshet-run")!);
  const { id, created, usage, ...rest } = run;
  assert.match(id, /^run_/);
  assert.ok(created > 1_700_000_000);
  assert.equal(usage.completion_tokens, 10);
  assert.deepEqual(rest, {
    object: "run",
    status: "completed",
    epoch: 1,
    model: "fake-1",
    provider: "openai",
    output_text: TEXT,
    finish_reason: "stop",
    cache: null,
    error: null,
  });
});

Deno.test("runs: the events are replayed byte for byte, also from a place", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const first = await allEvents(
    await postChat(rig.app, question({ stream: true })),
  );
  const [{ data }] = first;
  const id = `run_${JSON.parse(data).id.slice("chatcmpl-".length)}`;
  const again = await rig.app.fetch(`/v1/runs/${id}/events`);
  assert.deepEqual(await allEvents(again), first);
  const from = await rig.app.fetch(`/v1/runs/${id}/events`, {
    headers: { "last-event-id": first[3].id! },
  });
  assert.deepEqual(await allEvents(from), first.slice(4));
  const end = await rig.app.fetch(`/v1/runs/${id}/events`, {
    headers: { "last-event-id": first.at(-1)!.id! },
  });
  assert.equal(end.status, 204);
});

Deno.test("runs: the hang-up of a follower stops nothing, that of the request does", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { id, hangUp } = await begin(rig, {});
  const gone = new AbortController();
  const follower = await rig.app.fetch(`/v1/runs/${id}/events`, {
    signal: gone.signal,
  });
  const events = sseEvents(follower.body!);
  await events.next();
  gone.abort();
  rig.upstream.release(1);
  await waitFor(
    "one more piece",
    async () =>
      (await getRun(rig.app, id)).output_text.startsWith("one two three four"),
  );
  assert.equal((await getRun(rig.app, id)).status, "running");
  hangUp();
  await rig.upstream.waitForHangUp(0);
  assert.equal((await ended(rig.app, id)).status, "cancelled");
});

Deno.test("runs: a detached run goes on when its caller has gone", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { id, hangUp, seen } = await begin(rig, { "x-freshet-detach": "true" });
  hangUp();
  rig.upstream.release();
  const run = await ended(rig.app, id);
  assert.equal(run.status, "completed");
  assert.equal(run.output_text, TEXT);
  const rest = await allEvents(
    await rig.app.fetch(`/v1/runs/${id}/events`, {
      headers: { "last-event-id": seen.at(-1)!.id! },
    }),
  );
  assert.equal(textOf([...seen, ...rest]), TEXT);
});

Deno.test("runs: cancel stops a run, and changes nothing when asked again", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const { id, events } = await begin(rig, {});
  const cancel = () =>
    rig.app.fetch(`/v1/runs/${id}/cancel`, { method: "POST" });
  const first = await cancel();
  assert.equal(first.status, 200);
  const stopped = await first.json();
  assert.equal(stopped.status, "cancelled");
  assert.ok(TEXT.startsWith(stopped.output_text));
  await rig.upstream.waitForHangUp(0);
  const rest = await Array.fromAsync(events);
  assert.match(rest.at(-2)!.data, /"code":"run_cancelled"/);
  assert.equal(rest.at(-1)!.data, "[DONE]");
  const again = await cancel();
  assert.equal(again.status, 200);
  assert.deepEqual(await again.json(), stopped);
});

Deno.test("runs: an id that is unknown, or of a chat, is 404", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const thread = await newThread(rig.app);
  const { run } = await ask(rig.app, thread.id, { message: { content: "x" } });
  for (const id of [run.id, `run_${"0".repeat(22)}`, "nonsense"]) {
    for (const path of ["", "/events"]) {
      const response = await rig.app.fetch(`/v1/runs/${id}${path}`);
      await openAIError(response, 404, "not_found");
    }
    const response = await rig.app.fetch(`/v1/runs/${id}/cancel`, {
      method: "POST",
    });
    await openAIError(response, 404, "not_found");
  }
});

Deno.test("Idempotency-Key: the same body attaches to the same run, streamed or not", async () => {
  for (const stream of [true, false]) {
    await using rig = await startChat({ behaviour: SAYS });
    const headers = { "idempotency-key": "key-1" };
    const answers = [];
    for (let time = 0; time < 2; time += 1) {
      const response = await postChat(rig.app, question({ stream }), headers);
      assert.equal(response.status, 200);
      const id = response.headers.get("x-freshet-run");
      answers.push({ id, body: await response.text() });
    }
    assert.deepEqual(answers[1], answers[0]);
    assert.equal(rig.upstream.chats().length, 1);
  }
});

Deno.test("Idempotency-Key: requests at the same time lead to one run", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const headers = { "idempotency-key": "key-2" };
  const responses = await Promise.all(
    Array.from({ length: 5 }, () => postChat(rig.app, question(), headers)),
  );
  const ids = responses.map(({ headers }) => headers.get("x-freshet-run"));
  assert.equal(new Set(ids).size, 1);
  for (const response of responses) {
    assert.equal((await response.json()).choices[0].message.content, TEXT);
  }
});

Deno.test("Idempotency-Key: another body is 422", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const headers = { "idempotency-key": "key-3" };
  const first = await postChat(rig.app, question(), headers);
  await first.body?.cancel();
  await openAIError(
    await postChat(rig.app, question({ temperature: 1 }), headers),
    422,
    "idempotency_key_reused",
  );
});

Deno.test("Idempotency-Key: a run that has failed fails again, so clients are told not to retry", async () => {
  await using rig = await startChat({ behaviour: { status: 500 } });
  const headers = { "idempotency-key": "key-4" };
  for (let time = 0; time < 2; time += 1) {
    const response = await postChat(rig.app, question(), headers);
    await openAIError(response, 502, "provider_unavailable");
    assert.equal(response.headers.get("x-should-retry"), "false");
  }
  const response = await postChat(rig.app, question());
  await openAIError(response, 502, "provider_unavailable");
  assert.equal(response.headers.get("x-should-retry"), null);
});

Deno.test("Prefer: respond-async answers 202 with the run, wait=N with the answer if it is there in time", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  rig.upstream.hold();
  const later = await postChat(rig.app, question(), {
    prefer: "respond-async",
  });
  assert.equal(later.status, 202);
  const { id, status } = await later.json();
  assert.equal(status, "running");
  assert.equal(later.headers.get("location"), `/v1/runs/${id}`);
  const soon = await postChat(rig.app, question(), { prefer: "wait=0" });
  assert.equal(soon.status, 202);
  await soon.body?.cancel();
  rig.upstream.release();
  assert.equal((await ended(rig.app, id)).output_text, TEXT);
  const inTime = await postChat(rig.app, question(), { prefer: "wait=20" });
  assert.equal(inTime.status, 200);
  assert.equal((await inTime.json()).object, "chat.completion");
});

Deno.test("Prefer: a refusal within wait=N says as much as one without", async () => {
  const limited = { status: 429, headers: { "retry-after": "30" } };
  await using rig = await startChat({
    behaviours: { limited, wrong: { status: 400 } },
    models: ["limited", "wrong"],
  });
  const ask = (model: string) =>
    postChat(rig.app, question({ model }), { prefer: "wait=20" });
  const late = await ask("limited");
  await openAIError(late, 429, "rate_limit_exceeded");
  assert.equal(late.headers.get("retry-after"), "30");
  const { param } = await openAIError(
    await ask("wrong"),
    400,
    "provider_refused",
  );
  assert.equal(param, "temperature");
});

Deno.test("runs: each attempt has its row in the ledger", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const response = await postChat(rig.app, question());
  const run = response.headers.get("x-freshet-run");
  await response.body?.cancel();
  const rows = await Array.fromAsync(
    rig.app.services.ledger.rows(
      FIRST_WORKSPACE,
      0,
      Date.now() + 60_000,
      AbortSignal.timeout(10_000),
    ),
  );
  const [row] = rows.filter((each) => each.run === run);
  assert.equal(rows.length, 1);
  assert.equal(row.source, "v1");
  assert.equal(row.thread, null);
  assert.equal(row.status, "completed");
  assert.equal(row.outputTokens, 10);
  assert.equal(row.request, response.headers.get("x-request-id"));
});
