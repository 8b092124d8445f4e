import assert from "node:assert/strict";
import { Assembly } from "./assemble.ts";

const USAGE = { total_tokens: 1 };

/** The first choice of an answer that came in these deltas. */
function assembled(deltas: Record<string, unknown>[], last: unknown = "stop") {
  const assembly = new Assembly();
  for (const delta of deltas) {
    assembly.add(JSON.stringify({ choices: [{ index: 0, delta }] }));
  }
  const end = { index: 0, delta: {}, finish_reason: last };
  assembly.add(JSON.stringify({ choices: [end] }));
  // deno-lint-ignore no-explicit-any -- the shape is what the tests are about
  return (assembly.whole(USAGE) as any).choices[0];
}

Deno.test("Assembly: tool calls come together, however they were cut", () => {
  const { message } = assembled([
    { role: "assistant", content: null },
    { tool_calls: [{ index: 1, id: "b", function: { name: "two" } }] },
    { tool_calls: [{ index: 0, id: "a", function: { name: "one" } }] },
    { tool_calls: [{ index: 1, function: { arguments: '{"x":' } }] },
    { tool_calls: [{ index: 0, id: "", function: { arguments: "{}" } }] },
    { tool_calls: [{ index: 1, function: { name: "two", arguments: "1}" } }] },
  ], "tool_calls");
  assert.deepEqual(message.tool_calls, [
    { id: "a", type: "function", function: { name: "one", arguments: "{}" } },
    {
      id: "b",
      type: "function",
      function: { name: "two", arguments: '{"x":1}' },
    },
  ]);
  assert.equal(message.content, null);
});

Deno.test("Assembly: tool calls without numbers are told apart by their ids", () => {
  const { message } = assembled([
    { tool_calls: [{ id: "a", function: { name: "one", arguments: "{" } }] },
    { tool_calls: [{ function: { arguments: "}" } }] },
    { tool_calls: [{ id: "b", function: { name: "two", arguments: "{}" } }] },
  ]);
  assert.deepEqual(
    message.tool_calls.map((
      { id, function: called }: { id: string; function: unknown },
    ) => [id, called]),
    [
      ["a", { name: "one", arguments: "{}" }],
      ["b", { name: "two", arguments: "{}" }],
    ],
  );
});

Deno.test("Assembly: a refusal, thoughts and fields of the provider's own come together too", () => {
  const { message } = assembled([
    { role: "assistant", reasoning_content: "Hm", annotations: [1] },
    { role: "assistant", refusal: "I can" },
    { refusal: "not", reasoning_content: "m", annotations: [2] },
  ]);
  assert.deepEqual(message, {
    role: "assistant",
    content: null,
    refusal: "I cannot",
    reasoning_content: "Hmm",
    annotations: [1, 2],
  });
});

Deno.test("Assembly: an old function call comes together", () => {
  const { message } = assembled([
    { function_call: { name: "f", arguments: "{" } },
    { function_call: { arguments: "}" } },
  ], "function_call");
  assert.deepEqual(message.function_call, { name: "f", arguments: "{}" });
});

Deno.test("Assembly: without a word the content is empty, and usage is the one that was given", () => {
  const assembly = new Assembly();
  const end = { index: 0, delta: { role: "assistant" }, finish_reason: "stop" };
  assembly.add(JSON.stringify({ id: "x", created: 1, choices: [end] }));
  assert.deepEqual(assembly.whole(USAGE), {
    id: "x",
    object: "chat.completion",
    created: 1,
    model: undefined,
    choices: [{
      index: 0,
      message: { role: "assistant", content: "", refusal: null },
      logprobs: null,
      finish_reason: "stop",
    }],
    usage: USAGE,
  });
});

Deno.test("Assembly: a tool call with an absurd number does not fill the memory", () => {
  const call = { index: 1e9, id: "a", function: { name: "f", arguments: "" } };
  assert.equal(
    assembled([{ tool_calls: [call] }]).message.tool_calls.length,
    1,
  );
});
