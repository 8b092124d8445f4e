/** Chat completions through OpenAI's client and over plain HTTP. */
import assert from "node:assert/strict";
import {
  allEvents,
  clientOf,
  MODEL,
  postChat,
  question,
  sseEvents,
  startChat,
  textOf,
} from "./v1_rig.ts";
import { waitFor } from "../support/wait.ts";

const TEXT = "Grüße aus Zürich 🌊: the crest passed at 14:02. 河川水位。";
const SAYS = { text: TEXT, usage: "own" as const };

Deno.test("chat completions: OpenAI's client streams the answer under the model's name as asked", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const stream = await clientOf(rig.app).chat.completions.create(
    question({ model: `openai/${MODEL}`, stream: true }) as never,
  ) as unknown as AsyncIterable<
    { id: string; model: string; choices: { delta: { content?: string } }[] }
  >;
  let text = "";
  const ids = new Set<string>();
  const models = new Set<string>();
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta.content ?? "";
    ids.add(chunk.id);
    models.add(chunk.model);
  }
  assert.equal(text, TEXT);
  assert.equal(ids.size, 1);
  assert.deepEqual([...models], [`openai/${MODEL}`]);
});

Deno.test("chat completions: a stream ends with [DONE], each event has an id, and the headers name the run", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const response = await postChat(rig.app, question({ stream: true }));
  assert.equal(response.status, 200);
  assert.match(
    response.headers.get("content-type") ?? "",
    /^text\/event-stream/,
  );
  const run = response.headers.get("x-freshet-run") ?? "";
  assert.match(run, /^run_[0-9A-Za-z]{22}$/);
  assert.match(response.headers.get("x-request-id") ?? "", /^req_/);
  assert.equal(response.headers.get("x-freshet-cache"), "bypass");
  assert.match(response.headers.get("x-freshet-overhead-ms") ?? "", /^\d/);
  const events = await allEvents(response);
  assert.equal(events.at(-1)?.data, "[DONE]");
  const ids = events.map(({ id }) => Number(/^1\.(\d+)$/.exec(id ?? "")?.[1]));
  assert.deepEqual(ids, ids.map((_, index) => index + 1));
  assert.equal(textOf(events), TEXT);
});

Deno.test("chat completions: without stream the answer comes as one chat.completion with its usage", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const answer = await clientOf(rig.app).chat.completions.create(question());
  assert.equal(answer.object, "chat.completion");
  assert.equal(answer.model, MODEL);
  const [choice] = answer.choices;
  assert.deepEqual(choice.message, {
    role: "assistant",
    content: TEXT,
    refusal: null,
  });
  assert.equal(choice.finish_reason, "stop");
  assert.equal(answer.usage?.prompt_tokens, 5);
  assert.equal(answer.system_fingerprint, "fp_fake");
  assert.equal(rig.upstream.chats()[0].body.stream, true);
});

Deno.test("chat completions: usage is passed on only if the caller asked for it", async () => {
  for (const usage of ["own", "last", "every"] as const) {
    await using rig = await startChat({ behaviour: { text: TEXT, usage } });
    const usages = async (options: unknown) => {
      const body = question({ stream: true, stream_options: options });
      const events = await allEvents(await postChat(rig.app, body));
      return events.slice(0, -1).filter(({ data }) =>
        JSON.parse(data).usage !== undefined
      ).length;
    };
    assert.equal(await usages({ include_usage: false }), 0, usage);
    assert.equal(await usages(undefined), 0, usage);
    assert.ok(await usages({ include_usage: true }) > 0, usage);
    const [{ body }] = rig.upstream.chats();
    assert.deepEqual(body.stream_options, { include_usage: true });
  }
});

Deno.test("chat completions: messages and unknown fields reach the provider unchanged", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const messages = [
    { role: "developer", content: "Be brief", cache_control: { ttl: 5 } },
    {
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        {
          type: "image_url",
          image_url: { url: "data:image/png;base64,AA==", detail: "low" },
        },
      ],
    },
  ];
  const more = { temperature: 0.25, top_k: 7, provider: { order: ["x"] } };
  const response = await postChat(rig.app, question({ messages, ...more }));
  assert.equal(response.status, 200);
  await response.body?.cancel();
  const [{ body }] = rig.upstream.chats();
  assert.deepEqual(body.messages, messages);
  assert.equal(body.temperature, 0.25);
  assert.equal(body.top_k, 7);
  assert.deepEqual(body.provider, { order: ["x"] });
  assert.equal(body.model, MODEL);
});

Deno.test("chat completions: tool calls are streamed as they come, and put together without stream", async () => {
  const calls = [
    { name: "get_weather", arguments: '{"city":"Zürich","days":3}' },
    { name: "get_level", arguments: '{"river":"Limmat"}' },
  ];
  await using rig = await startChat({ behaviour: { toolCalls: calls } });
  const tools = [{ type: "function", function: { name: "get_weather" } }];
  const answer = await clientOf(rig.app).chat.completions.create(
    question({ tools }) as never,
  ) as OpenAIAnswer;
  const [choice] = answer.choices;
  assert.equal(choice.finish_reason, "tool_calls");
  assert.equal(choice.message.content, null);
  assert.deepEqual(
    choice.message.tool_calls,
    calls.map((call, index) => ({
      id: `call_${index}`,
      type: "function",
      function: call,
    })),
  );
  const events = await allEvents(
    await postChat(rig.app, question({ tools, stream: true })),
  );
  const pieces = events.slice(0, -1)
    .flatMap(({ data }) => JSON.parse(data).choices[0].delta.tool_calls ?? [])
    .filter(({ index }) => index === 1)
    .map((call) => call.function.arguments ?? "").join("");
  assert.equal(pieces, calls[1].arguments);
});

interface OpenAIAnswer {
  choices: {
    finish_reason: string;
    message: { content: string | null; tool_calls?: unknown[] };
  }[];
}

Deno.test("chat completions: hanging up stops an attached run and closes the provider's socket", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  rig.upstream.hold();
  const gone = new AbortController();
  const asked = rig.app.fetch("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(question({ stream: true })),
    signal: gone.signal,
  });
  await rig.upstream.waitForChat(0);
  rig.upstream.release(3);
  const response = await asked;
  const run = response.headers.get("x-freshet-run");
  const events = sseEvents(response.body!);
  await events.next();
  gone.abort();
  await rig.upstream.waitForHangUp(0);
  const ended = await waitFor("the end of the run", async () => {
    const found = await rig.app.fetch(`/v1/runs/${run}`);
    const record = await found.json();
    return record.status === "cancelled" && record;
  });
  assert.ok(TEXT.startsWith(ended.output_text));
  assert.notEqual(ended.output_text, "");
});

Deno.test("chat completions: hanging up before the first chunk closes the provider's socket too", async () => {
  for (const stream of [true, false]) {
    await using rig = await startChat({ behaviour: SAYS });
    rig.upstream.hold();
    const gone = new AbortController();
    const asked = rig.app.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question({ stream })),
      signal: gone.signal,
    }).catch(() => {});
    await rig.upstream.waitForChat(0);
    gone.abort();
    await asked;
    await rig.upstream.waitForHangUp(0);
  }
});

Deno.test("chat completions: a caller that goes before the answer begins is no error of the server", async () => {
  for (const stream of [true, false]) {
    await using rig = await startChat({ behaviour: SAYS });
    rig.upstream.hold();
    const gone = new AbortController();
    const asked = rig.app.fetch("/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(question({ stream })),
      signal: gone.signal,
    }).catch(() => {});
    await rig.upstream.waitForChat(0);
    gone.abort();
    await asked;
    const record = await waitFor("the record of the request", async () => {
      await rig.app.services.requestLog.flush();
      const { items } = await (await rig.app.fetch("/api/requests")).json();
      return items[0];
    });
    assert.deepEqual(
      [record.status, record.httpStatus, record.error?.code],
      ["cancelled", 499, "caller_gone"],
    );
    const errors = rig.app.logLines.filter((line) =>
      line.includes('"level":"error"')
    );
    assert.deepEqual(errors, []);
  }
});

Deno.test("chat completions: an agent's long conversation passes", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const messages = Array.from({ length: 1_000 }, (_, index) => [
    {
      role: "assistant",
      content: null,
      tool_calls: [{
        id: `call_${index}`,
        type: "function",
        function: { name: "look", arguments: "{}" },
      }],
    },
    { role: "tool", tool_call_id: `call_${index}`, content: "Nothing" },
  ]).flat();
  const response = await postChat(rig.app, question({ messages }));
  assert.equal(response.status, 200);
  await response.body?.cancel();
  assert.deepEqual(rig.upstream.chats()[0].body.messages, messages);
});
