import assert from "node:assert/strict";
import { readUIMessageStream, type UIMessage, type UIMessageChunk } from "ai";
import {
  type CompletionChunk,
  formatUiChunk,
  type UiChunk,
  UiMessageWriter,
} from "./output.ts";

/** The message that the AI SDK makes of the parts, and the errors it was told. */
async function read(parts: UiChunk[]) {
  const stream = new ReadableStream<UIMessageChunk>({
    start(controller) {
      for (const part of parts) controller.enqueue(part as UIMessageChunk);
      controller.close();
    },
  });
  const errors: string[] = [];
  let last: UIMessage | null = null;
  const messages = readUIMessageStream({
    stream,
    onError: (error) => errors.push((error as Error).message),
  });
  for await (const message of messages) last = message;
  return { message: last!, errors };
}

const delta = (
  delta: NonNullable<NonNullable<CompletionChunk["choices"]>[number]["delta"]>,
  finish_reason: string | null = null,
): CompletionChunk => ({
  model: "m1",
  choices: [{ index: 0, delta, finish_reason }],
});

function write(chunks: CompletionChunk[]): UiChunk[] {
  const writer = new UiMessageWriter("run_1");
  return [
    ...writer.start(),
    ...chunks.flatMap((chunk) => writer.chunk(chunk)),
    ...writer.finish(),
  ];
}

Deno.test("UiMessageWriter: a text becomes one part, with what the answer was made by", async () => {
  const usage = { prompt_tokens: 2, completion_tokens: 3 };
  const parts = write([
    delta({ content: "" }),
    delta({ content: "The river " }),
    delta({ content: "is high." }, "stop"),
    { choices: [], usage },
  ]);
  const { message, errors } = await read(parts);
  assert.deepEqual(errors, []);
  assert.equal(message.id, "run_1");
  assert.deepEqual(
    message.parts.map((part) => [part.type, "text" in part ? part.text : null]),
    [["step-start", null], ["text", "The river is high."]],
  );
  assert.deepEqual(message.metadata, { runId: "run_1", model: "m1", usage });
  assert.equal(parts.at(-1)!.finishReason, "stop");
});

Deno.test("UiMessageWriter: thoughts and text alternate as parts of their own", async () => {
  const { message } = await read(write([
    delta({ reasoning_content: "Let me " }),
    delta({ reasoning: "think." }),
    delta({ content: "High." }),
    delta({ reasoning_content: "Or?" }),
    delta({ content: "Yes." }, "stop"),
  ]));
  assert.deepEqual(
    message.parts.slice(1).map((part) => [
      part.type,
      "text" in part && part.text,
    ]),
    [
      ["reasoning", "Let me think."],
      ["text", "High."],
      ["reasoning", "Or?"],
      ["text", "Yes."],
    ],
  );
});

Deno.test("UiMessageWriter: calls of tools whose arguments come in pieces are put together", async () => {
  const { message, errors } = await read(write([
    delta({
      tool_calls: [
        { index: 0, id: "call_1", function: { name: "level", arguments: "" } },
        { index: 1, id: "call_2", function: { name: "tide" } },
      ],
    }),
    delta({ tool_calls: [{ index: 0, function: { arguments: '{"river":' } }] }),
    delta({ tool_calls: [{ index: 1, function: { arguments: "{}" } }] }),
    delta(
      { tool_calls: [{ index: 0, function: { arguments: '"Elbe"}' } }] },
      "tool_calls",
    ),
  ]));
  assert.deepEqual(errors, []);
  assert.deepEqual(
    message.parts.slice(1).map((part) =>
      part.type.startsWith("tool-") && "toolCallId" in part &&
      [part.type, part.toolCallId, part.state, part.input]
    ),
    [
      ["tool-level", "call_1", "input-available", { river: "Elbe" }],
      ["tool-tide", "call_2", "input-available", {}],
    ],
  );
});

Deno.test("UiMessageWriter: arguments that are no JSON are the tool's error, not the stream's", async () => {
  const { message } = await read(write([
    delta({
      tool_calls: [{ id: "call_1", function: { name: "t", arguments: "{oh" } }],
    }, "tool_calls"),
  ]));
  const part = message.parts.at(-1)!;
  assert.ok("state" in part && part.state === "output-error");
});

Deno.test("UiMessageWriter: an answer that begins anew takes back what was shown of it", async () => {
  const writer = new UiMessageWriter("run_1");
  const { message, errors } = await read([
    ...writer.start(),
    ...writer.chunk(delta({ content: "Half an ans" })),
    ...writer.reset(),
    ...writer.chunk(delta({ content: "A whole one." }, "stop")),
    ...writer.finish(),
  ]);
  assert.deepEqual(errors, []);
  assert.deepEqual(
    message.parts.filter(({ type }) => type === "text").map((part) =>
      "text" in part && part.text
    ),
    ["A whole one."],
  );
});

Deno.test("UiMessageWriter: an error ends the text and says why", async () => {
  const writer = new UiMessageWriter("run_1");
  const { errors } = await read([
    ...writer.start(),
    ...writer.chunk(delta({ content: "Half" })),
    ...writer.error("The provider closed the connection."),
  ]);
  assert.deepEqual(errors, ["The provider closed the connection."]);
});

Deno.test("UiMessageWriter: only the first of several answers is the message", async () => {
  const { message } = await read(write([
    { choices: [{ index: 1, delta: { content: "Other" } }] },
    delta({ content: "This" }, "length"),
  ]));
  assert.equal(
    message.parts.map((part) => "text" in part ? part.text : "").join(""),
    "This",
  );
});

Deno.test("formatUiChunk: one part is one line, whatever is in it", () => {
  const line = formatUiChunk({ type: "text-delta", id: "1", delta: "a\nb\r" });
  assert.equal(
    line,
    'data: {"type":"text-delta","id":"1","delta":"a\\nb\\r"}\n\n',
  );
});
