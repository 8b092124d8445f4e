/** Responses through OpenAI's client and over plain HTTP. */
import assert from "node:assert/strict";
import type OpenAI from "openai";
import { waitFor } from "../support/wait.ts";
import {
  allEvents,
  type ChatRig,
  clientOf,
  MODEL,
  startChat,
} from "./v1_rig.ts";
import {
  allTold,
  deltaText,
  postResponse,
  responseOf,
  told,
} from "./v1_responses_rig.ts";

const TEXT = "one two three four";
const SAYS = { text: TEXT, usage: "own" as const };

const TOOL = {
  type: "function" as const,
  name: "get_weather",
  description: "Weather of a city",
  parameters: { type: "object", properties: {}, additionalProperties: false },
  strict: true,
};

type Created = OpenAI.Responses.Response;

/** Creates a Response through OpenAI's client. */
async function create(
  rig: ChatRig,
  more: Record<string, unknown> = {},
): Promise<Created> {
  return await clientOf(rig.app).responses.create(
    responseOf(more) as never,
  ) as Created;
}

/** Waits for the end of a Response in the background. */
async function ended(rig: ChatRig, id: string): Promise<Created> {
  return await waitFor("the response to end", async () => {
    const found = await clientOf(rig.app).responses.retrieve(id);
    return found.status !== "in_progress" && found;
  });
}

Deno.test("responses: OpenAI's client gets the answer whole, with its usage and what was asked", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const response = await create(rig, {
    instructions: "Be brief",
    temperature: 0.5,
    metadata: { station: "north" },
    max_output_tokens: 50,
    // Providers refuse it where there are no tools.
    parallel_tool_calls: true,
    top_k: 3,
  });
  assert.match(response.id, /^resp_[0-9A-Za-z]{22}$/);
  assert.equal(response.status, "completed");
  assert.equal(response.output_text, TEXT);
  assert.equal(response.model, MODEL);
  assert.equal(response.instructions, "Be brief");
  assert.deepEqual(response.metadata, { station: "north" });
  assert.equal(response.error, null);
  const { usage } = response;
  assert.equal(
    usage?.total_tokens,
    usage!.input_tokens + usage!.output_tokens,
  );
  assert.ok(usage!.output_tokens > 0);
  const { stream: _, stream_options: __, ...body } =
    rig.upstream.chats()[0].body;
  assert.deepEqual(body, {
    model: MODEL,
    messages: [
      { role: "system", content: "Be brief" },
      { role: "user", content: "How high is the river?" },
    ],
    temperature: 0.5,
    max_completion_tokens: 50,
    top_k: 3,
  });
});

Deno.test("responses: a stream tells of its item, its part, its text and its end, in OpenAI's order", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const answer = await postResponse(rig.app, responseOf({ stream: true }));
  assert.match(answer.headers.get("content-type") ?? "", /^text\/event-stream/);
  const events = await allEvents(answer);
  const all = told(events);
  assert.deepEqual(events.map(({ event }) => event), all.map((e) => e.type));
  const types = all.map(({ type }) => type);
  assert.deepEqual(
    types.filter((type, index) => type !== types[index - 1]),
    [
      "response.created",
      "response.in_progress",
      "response.output_item.added",
      "response.content_part.added",
      "response.output_text.delta",
      "response.output_text.done",
      "response.content_part.done",
      "response.output_item.done",
      "response.completed",
    ],
  );
  assert.deepEqual(
    all.map((each) => each.sequence_number),
    all.map((_, index) => index),
  );
  assert.deepEqual(events.map(({ id }) => id), all.map((_, n) => `1.${n}`));
  assert.equal(deltaText(all), TEXT);
});

Deno.test("responses: the stream of OpenAI's client ends with the same Response that is retrieved", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const client = clientOf(rig.app);
  const stream = client.responses.stream(responseOf() as never);
  let text = "";
  stream.on("response.output_text.delta", ({ delta }) => text += delta);
  const last = await stream.finalResponse();
  assert.equal(text, TEXT);
  assert.equal(last.output_text, TEXT);
  const found = await client.responses.retrieve(last.id);
  assert.equal(found.status, "completed");
  assert.deepEqual(found.usage, last.usage);
  assert.equal(found.output_text, TEXT);
  assert.equal(found.output[0].id, last.output[0].id);
});

Deno.test("responses: calls of functions go out as items and come back as messages", async () => {
  const calls = [
    { name: "get_weather", arguments: '{"city":"Zürich","days":3}' },
    { name: "get_level", arguments: '{"river":"Limmat"}' },
  ];
  await using rig = await startChat({ behaviour: { toolCalls: calls } });
  const stream = clientOf(rig.app).responses.stream(
    responseOf({
      tools: [TOOL],
      tool_choice: { type: "function", name: "get_weather" },
    }) as never,
  );
  const first = await stream.finalResponse();
  const items = first.output.map((item) => {
    assert.equal(item.type, "function_call");
    const { name, arguments: text, status } = item as never as {
      [field: string]: string;
    };
    assert.equal(status, "completed");
    return { name, arguments: text };
  });
  assert.deepEqual(items, calls);
  const { strict, name, description, parameters } = TOOL;
  const [asked] = rig.upstream.chats();
  assert.deepEqual(asked.body.tools, [{
    type: "function",
    function: { name, description, parameters, strict },
  }]);
  assert.deepEqual(asked.body.tool_choice, {
    type: "function",
    function: { name: "get_weather" },
  });
  const outputs = first.output.map((item, index) => ({
    type: "function_call_output",
    call_id: (item as { call_id: string }).call_id,
    output: `result ${index}`,
  }));
  await create(rig, {
    previous_response_id: first.id,
    input: outputs,
    tools: [TOOL],
  });
  assert.deepEqual(rig.upstream.chats()[1].body.messages, [
    { role: "user", content: "How high is the river?" },
    {
      role: "assistant",
      content: null,
      tool_calls: calls.map((call, index) => ({
        id: outputs[index].call_id,
        type: "function",
        function: call,
      })),
    },
    ...outputs.map(({ call_id, output }) => ({
      role: "tool",
      tool_call_id: call_id,
      content: output,
    })),
  ]);
});

Deno.test("responses: previous_response_id brings the whole conversation, but not its instructions", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const first = await create(rig, { instructions: "Be brief" });
  const second = await create(rig, {
    previous_response_id: first.id,
    input: "And now?",
  });
  const third = await create(rig, {
    previous_response_id: second.id,
    input: [{ role: "user", content: [{ type: "input_text", text: "Sure?" }] }],
  });
  assert.equal(third.previous_response_id, second.id);
  assert.deepEqual(rig.upstream.chats()[2].body.messages, [
    { role: "user", content: "How high is the river?" },
    { role: "assistant", content: TEXT },
    { role: "user", content: "And now?" },
    { role: "assistant", content: TEXT },
    { role: "user", content: "Sure?" },
  ]);
});

Deno.test("responses: images, files, a JSON schema and effort reach the provider in its words", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const url = "data:image/png;base64,AA==";
  const schema = { type: "object", properties: {} };
  const response = await create(rig, {
    input: [
      { type: "reasoning", id: "rs_1", summary: [] },
      {
        role: "user",
        content: [
          { type: "input_text", text: "What is this?" },
          { type: "input_image", image_url: url, detail: "low" },
          { type: "input_file", filename: "a.pdf", file_data: "data:,x" },
        ],
      },
    ],
    text: { format: { type: "json_schema", name: "level", schema } },
    reasoning: { effort: "low" },
  });
  assert.equal(response.text?.format?.type, "json_schema");
  const [{ body }] = rig.upstream.chats();
  assert.deepEqual(body.messages, [{
    role: "user",
    content: [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url, detail: "low" } },
      { type: "file", file: { filename: "a.pdf", file_data: "data:,x" } },
    ],
  }]);
  assert.deepEqual(body.response_format, {
    type: "json_schema",
    json_schema: { name: "level", schema },
  });
  assert.equal(body.reasoning_effort, "low");
});

Deno.test("responses: reasoning is an item before the message", async () => {
  const behaviour = { ...SAYS, reasoning: "First I think." };
  await using rig = await startChat({ behaviour });
  const response = await create(rig);
  assert.deepEqual(response.output.map(({ type }) => type), [
    "reasoning",
    "message",
  ]);
  const [reasoning] = response.output as { content?: { text: string }[] }[];
  assert.equal(reasoning.content?.[0].text, "First I think.");
});

Deno.test("responses: an answer cut by its length is incomplete and says why", async () => {
  await using rig = await startChat({
    behaviour: { ...SAYS, finishReason: "length" },
  });
  const response = await create(rig);
  assert.equal(response.status, "incomplete");
  assert.equal(response.incomplete_details?.reason, "max_output_tokens");
  const events = await allTold(
    await postResponse(rig.app, responseOf({ stream: true })),
  );
  assert.equal(events.at(-1)?.type, "response.incomplete");
});

Deno.test("responses: one in the background is polled, and its stream goes on behind any number", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  rig.upstream.hold();
  const begun = await create(rig, { background: true });
  assert.equal(begun.status, "in_progress");
  assert.deepEqual(begun.output, []);
  rig.upstream.release();
  const response = await ended(rig, begun.id);
  assert.equal(response.status, "completed");
  assert.equal(response.output_text, TEXT);
  const path = `/v1/responses/${begun.id}?stream=true`;
  const all = await allTold(await rig.app.fetch(path));
  for (const after of [0, 3, all.length - 2]) {
    const rest = await allTold(
      await rig.app.fetch(`${path}&starting_after=${after}`),
    );
    assert.deepEqual(rest, all.slice(after + 1));
  }
  const byId = await rig.app.fetch(path, {
    headers: { "last-event-id": "1.3" },
  });
  assert.deepEqual(await allTold(byId), all.slice(4));
});

Deno.test("responses: cancel stops one in the background and keeps what it had said", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  rig.upstream.hold();
  const begun = await create(rig, { background: true });
  await rig.upstream.waitForChat(0);
  rig.upstream.release(2);
  const stream = await rig.app.fetch(
    `/v1/responses/${begun.id}?stream=true`,
  );
  const client = clientOf(rig.app);
  for (let again = 0; again < 2; again += 1) {
    const stopped = await client.responses.cancel(begun.id);
    assert.equal(stopped.status, "cancelled");
  }
  const last = (await allTold(stream)).at(-1);
  assert.equal(last?.type, "response.incomplete");
  assert.equal(last?.response?.status, "cancelled");
});

Deno.test("responses: what is deleted is gone, with its run", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const client = clientOf(rig.app);
  const { id } = await create(rig);
  await client.responses.delete(id);
  await assert.rejects(client.responses.retrieve(id), { status: 404 });
  await assert.rejects(client.responses.delete(id), { status: 404 });
  const run = await rig.app.fetch(`/v1/runs/${id.replace("resp_", "run_")}`);
  assert.equal(run.status, 404);
  await run.body?.cancel();
  await assert.rejects(
    create(rig, { previous_response_id: id }),
    { status: 400, code: "previous_response_not_found" },
  );
});

Deno.test("responses: what is not to be stored cannot be retrieved", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const response = await create(rig, { store: false });
  assert.equal(response.output_text, TEXT);
  await assert.rejects(
    clientOf(rig.app).responses.retrieve(response.id),
    { status: 404 },
  );
});

Deno.test("responses: input items come in pages, newest first unless told", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const texts = Array.from({ length: 5 }, (_, index) => `question ${index}`);
  const { id } = await create(rig, {
    input: texts.map((content) => ({ role: "user", content })),
  });
  const listed = async (query: Record<string, unknown>) => {
    const items = clientOf(rig.app).responses.inputItems.list(id, query);
    const found: string[] = [];
    for await (const item of items) {
      const [part] = (item as { content: { text: string }[] }).content;
      found.push(part.text);
    }
    return found;
  };
  assert.deepEqual(await listed({ limit: 2 }), texts.toReversed());
  assert.deepEqual(await listed({ limit: 2, order: "asc" }), texts);
});

Deno.test("responses: who would rather not wait gets 202 and where to find it", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  rig.upstream.hold();
  for (const prefer of ["respond-async", "wait=0"]) {
    const answer = await postResponse(rig.app, responseOf(), { prefer });
    assert.equal(answer.status, 202);
    const { id, status } = await answer.json();
    assert.equal(status, "in_progress");
    assert.equal(answer.headers.get("location"), `/v1/responses/${id}`);
  }
  rig.upstream.release();
});

Deno.test("responses: the same Idempotency-Key gets the same Response, which is no chat completion's", async () => {
  await using rig = await startChat({ behaviour: SAYS });
  const headers = { "idempotency-key": "once" };
  const ask = async () =>
    await (await postResponse(rig.app, responseOf(), headers)).json();
  const first = await ask();
  const again = await ask();
  assert.equal(again.id, first.id);
  assert.deepEqual(again.output, first.output);
  assert.equal(rig.upstream.chats().length, 1);
  const other = await postResponse(
    rig.app,
    responseOf({ input: "Something else" }),
    headers,
  );
  assert.equal(other.status, 422);
  assert.equal((await other.json()).error.code, "idempotency_key_reused");
});

Deno.test("responses: a provider that breaks off ends the stream with response.failed", async () => {
  await using rig = await startChat({ behaviour: { ...SAYS, errorAfter: 2 } });
  const events = await allTold(
    await postResponse(rig.app, responseOf({ stream: true })),
  );
  const last = events.at(-1)!;
  assert.equal(last.type, "response.failed");
  assert.equal(last.response?.status, "failed");
  const found = await clientOf(rig.app).responses.retrieve(last.response!.id);
  assert.equal(found.status, "failed");
  assert.equal(found.error?.code, "server_error");
});
