/** Kept and shared answers, as programs get them. */
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import assert from "node:assert/strict";
import type { RecordedRequest } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import type { TestApp } from "../support/app.ts";
import { askStream, newThread } from "../support/chat_client.ts";
import type { Behaviour } from "../support/fake_upstream.ts";
import { assemble, collectEvents } from "../support/sse.ts";
import { waitFor } from "../support/wait.ts";
import {
  allEvents,
  clientOf,
  MODEL,
  postChat,
  question as anyQuestion,
  type SseEvent,
  sseEvents,
  startChat,
  textOf,
} from "./v1_rig.ts";

const TEXT = "Grüße aus Zürich 🌊: the crest passed at 14:02. 河川水位。";
const PRICES = [{
  model: MODEL,
  from: "2025-01-01",
  inputPerMillionUsd: "1000",
  outputPerMillionUsd: "2000",
}];

const question = (more: Record<string, unknown> = {}) =>
  anyQuestion({ temperature: 0, ...more });
const WITH_USAGE = { stream: true, stream_options: { include_usage: true } };

function start(behaviour: Behaviour = {}, options: { location?: string } = {}) {
  return startChat(
    { behaviours: { [MODEL]: { text: TEXT, usage: "own", ...behaviour } } },
    { ...options, configFile: { prices: PRICES } },
  );
}

interface Answered {
  cache: string | null;
  run: string | null;
  // deno-lint-ignore no-explicit-any -- a body of OpenAI's shape, looked into by the tests
  body: any;
}

async function whole(
  app: TestApp,
  body: unknown = question(),
  headers: Record<string, string> = {},
): Promise<Answered> {
  const response = await postChat(app, body, headers);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return {
    cache: response.headers.get("x-freshet-cache"),
    run: response.headers.get("x-freshet-run"),
    body: JSON.parse(text),
  };
}

async function streamed(
  app: TestApp,
  body: unknown = question({ stream: true }),
): Promise<{ cache: string | null; events: SseEvent[] }> {
  const response = await postChat(app, body);
  assert.equal(response.status, 200);
  const events = await allEvents(response);
  return { cache: response.headers.get("x-freshet-cache"), events };
}

async function ledgerOf({ services }: TestApp): Promise<LedgerRow[]> {
  const rows = services.ledger.rows(
    FIRST_WORKSPACE,
    0,
    Date.now() + 60_000,
    AbortSignal.timeout(10_000),
  );
  return await Array.fromAsync(rows);
}

Deno.test("v1 cache: the same request is answered again without the provider, whoever streams", async () => {
  await using rig = await start();
  const first = await whole(rig.app);
  assert.equal(first.cache, "miss");
  const second = await whole(rig.app);
  assert.equal(second.cache, "hit-l1");
  assert.deepEqual(
    { ...second.body, id: null },
    { ...first.body, id: null },
  );
  const { cache, events } = await streamed(rig.app);
  assert.equal(cache, "hit-l1");
  assert.equal(textOf(events), TEXT);
  assert.equal(events.at(-1)!.data, "[DONE]");
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("v1 cache: a kept stream has the chunks of the first one, in their order, with ids", async () => {
  await using rig = await start();
  const first = await streamed(rig.app);
  const second = await streamed(rig.app);
  assert.equal(second.cache, "hit-l1");
  const chunks = ({ events }: { events: SseEvent[] }) =>
    events.map(({ data, id }) =>
      data === "[DONE]"
        ? { data, id }
        : { ...JSON.parse(data), sse: id, id: "" }
    );
  assert.deepEqual(chunks(second), chunks(first));
});

Deno.test("v1 cache: usage is in the stream for who asked for it, whoever asked first", async () => {
  await using rig = await start();
  const usageIn = (events: SseEvent[]) =>
    events.filter(({ data }) => data !== "[DONE]")
      .map(({ data }) => JSON.parse(data).usage)
      .filter((usage) => usage !== undefined && usage !== null);
  const without = await streamed(rig.app);
  assert.deepEqual(usageIn(without.events), []);
  const asked = await streamed(rig.app, question(WITH_USAGE));
  assert.equal(asked.cache, "hit-l1");
  const [usage] = usageIn(asked.events);
  assert.ok(usage.completion_tokens > 0);
  assert.deepEqual((await whole(rig.app)).body.usage, usage);
  const again = await streamed(rig.app);
  assert.deepEqual(usageIn(again.events), []);
});

Deno.test("v1 cache: OpenAI's client reads a kept stream", async () => {
  await using rig = await start();
  await whole(rig.app);
  const stream = await clientOf(rig.app).chat.completions.create(
    { ...anyQuestion(), temperature: 0, stream: true },
  );
  let text = "";
  for await (const { choices } of stream) {
    text += choices[0]?.delta.content ?? "";
  }
  assert.equal(text, TEXT);
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("v1 cache: another name of the model gets the same answer under that name", async () => {
  await using rig = await start();
  await whole(rig.app);
  const model = `openai/${MODEL}`;
  const { cache, body } = await whole(rig.app, question({ model }));
  assert.equal(cache, "hit-l1");
  assert.equal(body.model, model);
  assert.equal((await whole(rig.app)).body.model, MODEL);
});

Deno.test("v1 cache: fields that cannot change the answer do not matter, others do", async () => {
  await using rig = await start();
  await whole(rig.app);
  const same = { user: "someone", metadata: { a: "b" }, store: true };
  assert.equal((await whole(rig.app, question(same))).cache, "hit-l1");
  assert.equal((await whole(rig.app, question({ top_p: 1 }))).cache, "miss");
});

Deno.test("v1 cache: a kept answer needs no run; its row bills nothing and says what was saved", async () => {
  await using rig = await start();
  const first = await whole(rig.app);
  const second = await whole(rig.app);
  assert.match(first.run ?? "", /^run_/);
  assert.equal(second.run, null);
  const rows = await waitFor("both rows", async () => {
    const rows = await ledgerOf(rig.app);
    return rows.length === 2 && rows;
  });
  const [paid, saved] = rows;
  assert.equal(paid.cache, "miss");
  assert.ok(paid.costMicroUsd! > 0);
  assert.deepEqual(
    {
      cache: saved.cache,
      source: saved.source,
      tokens: saved.inputTokens + saved.outputTokens,
      cost: saved.costMicroUsd,
      saved: saved.savedMicroUsd,
    },
    {
      cache: "hit-l1",
      source: "v1",
      tokens: 0,
      cost: 0,
      saved: paid.costMicroUsd,
    },
  );
});

Deno.test("v1 cache: a detached request has a run also when its answer is kept", async () => {
  await using rig = await start();
  await whole(rig.app);
  const { cache, run } = await whole(rig.app, question(), {
    "x-freshet-detach": "true",
  });
  assert.equal(cache, "hit-l1");
  const response = await rig.app.fetch(`/v1/runs/${run}`);
  const object = await response.json();
  assert.equal(object.cache, "hit-l1");
  assert.equal(object.output_text, TEXT);
  assert.equal(object.status, "completed");
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("v1 cache: another process answers from the store", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const location = `${folder}/freshet.db`;
    {
      await using rig = await start({}, { location });
      await whole(rig.app);
    }
    await using rig = await start({ text: "Another" }, { location });
    const { cache, body } = await whole(rig.app);
    assert.equal(cache, "hit-l2");
    assert.equal(body.choices[0].message.content, TEXT);
    assert.equal((await whole(rig.app)).cache, "hit-l1");
    assert.equal(rig.upstream.chats().length, 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("v1 cache: bypass asks the provider, and its answer is not kept", async () => {
  await using rig = await start();
  const headers = { "x-freshet-cache": "bypass" };
  assert.equal((await whole(rig.app, question(), headers)).cache, "bypass");
  assert.equal((await whole(rig.app)).cache, "miss");
  assert.equal((await whole(rig.app, question(), headers)).cache, "bypass");
  assert.equal(rig.upstream.chats().length, 3);
});

Deno.test("v1 cache: only takes a kept answer, else 504 cache_miss that clients do not retry", async () => {
  await using rig = await start();
  const headers = { "x-freshet-cache": "only" };
  for (const body of [question(), anyQuestion(), question({ stream: true })]) {
    const response = await postChat(rig.app, body, headers);
    assert.equal(response.status, 504);
    assert.equal(response.headers.get("x-should-retry"), "false");
    assert.equal((await response.json()).error.code, "cache_miss");
  }
  assert.equal(rig.upstream.chats().length, 0);
  await whole(rig.app);
  assert.equal((await whole(rig.app, question(), headers)).cache, "hit-l1");
});

Deno.test("v1 cache: what the policy leaves out goes to the provider each time", async () => {
  await using rig = await start();
  for (const asked of [1, 2]) {
    assert.equal((await whole(rig.app, anyQuestion())).cache, "bypass");
    assert.equal(rig.upstream.chats().length, asked);
  }
});

const NOT_KEPT: Record<string, Behaviour> = {
  "cut by length": { finishReason: "length" },
  "filtered": { finishReason: "content_filter" },
};

for (const [name, behaviour] of Object.entries(NOT_KEPT)) {
  Deno.test(`v1 cache: an answer that is ${name} is not kept`, async () => {
    await using rig = await start(behaviour);
    for (const asked of [1, 2]) {
      assert.equal((await whole(rig.app)).cache, "miss");
      assert.equal(rig.upstream.chats().length, asked);
    }
  });
}

Deno.test("v1 cache: a stream that breaks is not kept", async () => {
  await using rig = await start({ cutAfter: 3 });
  for (const asked of [1, 2]) {
    const { cache, events } = await streamed(rig.app);
    assert.equal(cache, "miss");
    assert.ok(events.some(({ data }) => data.includes('"error"')));
    assert.equal(rig.upstream.chats().length, asked);
  }
});

Deno.test("v1 cache: tool calls are kept when they are whole", async () => {
  await using rig = await start({
    text: "",
    toolCalls: [{ name: "level", arguments: '{"river":"Aare"}' }],
    finishReason: "tool_calls",
  });
  const tools = [{ type: "function", function: { name: "level" } }];
  const first = await whole(rig.app, question({ tools }));
  const second = await whole(rig.app, question({ tools }));
  assert.equal(second.cache, "hit-l1");
  const [call] = second.body.choices[0].message.tool_calls;
  assert.equal(call.function.arguments, '{"river":"Aare"}');
  assert.deepEqual(second.body.choices, first.body.choices);
});

Deno.test("v1 cache: a very long answer comes back whole, also as a stream", async () => {
  const text = Array.from({ length: 3_000 }, (_, index) => `w${index} `)
    .join("");
  await using rig = await start({ text, burst: 100, split: false });
  await whole(rig.app);
  assert.equal(
    (await whole(rig.app)).body.choices[0].message.content,
    text,
  );
  const { cache, events } = await streamed(rig.app);
  assert.equal(cache, "hit-l1");
  assert.equal(textOf(events), text);
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("v1 cache: chats and programs keep their answers apart", async () => {
  await using rig = await start();
  const thread = await newThread(rig.app);
  const asked = { content: anyQuestion().messages[0].content };
  const response = await askStream(rig.app, thread.id, {
    message: asked,
    model: MODEL,
    params: { temperature: 0 },
  });
  assert.equal(assemble(await collectEvents(response)), TEXT);
  const { body } = await whole(rig.app);
  assert.equal(body.choices[0].message.content, TEXT);
});

/** The next events, up to the first that holds text. */
async function untilText(events: AsyncGenerator<SseEvent>): Promise<string> {
  let text = "";
  while (text === "") {
    const { done, value } = await events.next();
    assert.ok(!done, "the stream has ended");
    text = textOf([value]);
  }
  return text;
}

Deno.test("v1 flights: a second caller joins, gets what there is at once, then the rest", async () => {
  await using rig = await start();
  rig.upstream.hold();
  const asked = postChat(rig.app, question({ stream: true }));
  rig.upstream.release(3);
  const first = await asked;
  assert.equal(first.headers.get("x-freshet-cache"), "miss");
  const second = await postChat(rig.app, question({ stream: true }));
  assert.equal(second.headers.get("x-freshet-cache"), "joined");
  const events = sseEvents(second.body!);
  const begun = await untilText(events);
  assert.ok(TEXT.startsWith(begun));
  rig.upstream.release();
  const rest = await Array.fromAsync(events);
  assert.equal(begun + textOf(rest), TEXT);
  assert.equal(textOf(await allEvents(first)), TEXT);
  assert.equal(rig.upstream.chats().length, 1);
});

Deno.test("v1 flights: waiting for another's call is no overhead of this server", async () => {
  await using rig = await start();
  const { answers } = rig.app.services;
  rig.upstream.hold();
  const asked = postChat(rig.app, question({ stream: true }));
  await rig.upstream.waitForChat(0);
  const joined = postChat(rig.app, question({ stream: true }));
  await waitFor(
    "the second caller to join",
    () => answers.report().outcomes.joined === 1 ? true : null,
  );
  const waitedMs = 200;
  await new Promise((resolve) => setTimeout(resolve, waitedMs));
  rig.upstream.release();
  await Promise.all([asked, joined].map(async (each) => (await each).text()));
  const record = await waitFor("the request to be told of", async () => {
    const list = await rig.app.fetch("/api/requests?cache=joined");
    return (await list.json() as { items: RecordedRequest[] }).items[0] ?? null;
  });
  const stages = record.stages.map(({ name }) => name);
  assert.ok(stages.includes("provider.first_token"), stages.join(" "));
  const overheadMs = record.overheadMs ?? Infinity;
  assert.ok(
    record.totalMs - overheadMs > waitedMs / 2,
    `${overheadMs} ms of ${record.totalMs} ms`,
  );
});

Deno.test("v1 flights: the caller who began hangs up, the other gets all of it", async () => {
  await using rig = await start();
  rig.upstream.hold();
  const gone = new AbortController();
  const asked = rig.app.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(question({ stream: true })),
    signal: gone.signal,
  });
  rig.upstream.release(2);
  const first = await asked;
  const second = await postChat(rig.app, question({ stream: true }));
  assert.equal(second.headers.get("x-freshet-cache"), "joined");
  gone.abort();
  const runId = first.headers.get("x-freshet-run");
  await waitFor("the first run to be stopped", async () => {
    const run = await (await rig.app.fetch(`/v1/runs/${runId}`)).json();
    return run.status === "cancelled";
  });
  assert.equal(rig.upstream.chats()[0].closedAt, null);
  rig.upstream.release();
  assert.equal(textOf(await allEvents(second)), TEXT);
  assert.equal(rig.upstream.chats().length, 1);
  const rows = await waitFor("both rows", async () => {
    const rows = await ledgerOf(rig.app);
    return rows.length === 2 && rows;
  });
  const ended = await (await rig.app.fetch(
    `/v1/runs/${second.headers.get("x-freshet-run")}`,
  )).json();
  const paid = rows.reduce((sum, row) => sum + row.outputTokens, 0);
  assert.equal(paid, ended.usage.completion_tokens);
});

Deno.test("v1 flights: when all callers hang up the provider's socket closes", async () => {
  await using rig = await start();
  rig.upstream.hold();
  const gone = new AbortController();
  const ask = () =>
    rig.app.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question({ stream: true })),
      signal: gone.signal,
    });
  const asked = ask();
  rig.upstream.release(2);
  await asked;
  const second = await ask();
  assert.equal(second.headers.get("x-freshet-cache"), "joined");
  gone.abort();
  await rig.upstream.waitForHangUp(0);
});

Deno.test("v1 flights: callers that share a call which is refused get the same status", async () => {
  await using rig = await start({ status: 400, headerDelayMs: 300 });
  const responses = await Promise.all(
    [1, 2].map(() => postChat(rig.app, question())),
  );
  const bodies = await Promise.all(responses.map((each) => each.json()));
  assert.deepEqual(responses.map(({ status }) => status), [400, 400]);
  assert.deepEqual(bodies[0], bodies[1]);
});

Deno.test("v1 flights: with tools each caller has a call of its own", async () => {
  await using rig = await start();
  rig.upstream.hold();
  const tools = [{ type: "function", function: { name: "level" } }];
  const asked = [1, 2].map(() => whole(rig.app, question({ tools })));
  await rig.upstream.waitForChat(1);
  rig.upstream.release();
  for (const { cache } of await Promise.all(asked)) {
    assert.equal(cache, "miss");
  }
});

Deno.test("v1 flights: a hundred callers, one call", async () => {
  await using rig = await start();
  rig.upstream.hold();
  const asked = Array.from({ length: 100 }, () => whole(rig.app));
  await waitFor(
    "all callers",
    () => {
      const { miss, joined } = rig.app.services.answers.report().outcomes;
      return miss + joined === 100;
    },
  );
  rig.upstream.release();
  for (const { body } of await Promise.all(asked)) {
    assert.equal(body.choices[0].message.content, TEXT);
  }
  assert.equal(rig.upstream.chats().length, 1);
});
