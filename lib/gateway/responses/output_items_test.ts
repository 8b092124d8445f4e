import assert from "node:assert/strict";
import {
  type CompletionChunk,
  OutputItems,
  type ResponseEvent,
} from "./output_items.ts";

type Delta = NonNullable<
  NonNullable<CompletionChunk["choices"]>[number]["delta"]
>;

/** The items that come of these deltas, and all events of them. */
function made(deltas: Delta[], isWhole = true) {
  const items = new OutputItems("run_1");
  const events: ResponseEvent[] = [];
  for (const delta of deltas) {
    events.push(...items.add({ choices: [{ index: 0, delta }] }));
  }
  events.push(...items.end(isWhole));
  return { items: items.items, events };
}

Deno.test("OutputItems: text after reasoning is an item of its own, and each ends before the next begins", () => {
  const { items, events } = made([
    { reasoning_content: "Let " },
    { reasoning_content: "me see" },
    { content: "It is " },
    { content: "high" },
  ]);
  assert.deepEqual(items.map(({ id, type }) => [id, type]), [
    ["rs_1_0", "reasoning"],
    ["msg_1_1", "message"],
  ]);
  const ends = events.filter(({ type }) =>
    type.startsWith("response.output_item")
  ).map(({ type, output_index }) => [type.split(".").at(-1), output_index]);
  assert.deepEqual(ends, [["added", 0], ["done", 0], ["added", 1], [
    "done",
    1,
  ]]);
  assert.deepEqual(items[1].content, [
    { type: "output_text", text: "It is high", annotations: [], logprobs: [] },
  ]);
});

Deno.test("OutputItems: calls come together, however they were cut", () => {
  const { items, events } = made([
    { tool_calls: [{ index: 1, id: "b", function: { name: "two" } }] },
    { tool_calls: [{ index: 0, id: "a", function: { name: "one" } }] },
    { tool_calls: [{ index: 1, function: { arguments: '{"x"' } }] },
    { tool_calls: [{ index: 0, function: { arguments: "{}" } }] },
    { tool_calls: [{ index: 1, function: { arguments: ":1}" } }] },
  ]);
  const said = items.map((each) => [each.call_id, each.name, each.arguments]);
  assert.deepEqual(said, [["b", "two", '{"x":1}'], ["a", "one", "{}"]]);
  const last = events.filter(({ type }) =>
    type === "response.function_call_arguments.done"
  );
  assert.deepEqual(
    last.map((each) => [each.item_id, each.arguments]),
    [["fc_1_1", "{}"], ["fc_1_0", '{"x":1}']],
  );
});

Deno.test("OutputItems: calls without a number are told apart by their ids", () => {
  const { items } = made([
    { tool_calls: [{ id: "a", function: { name: "one", arguments: "{" } }] },
    { tool_calls: [{ function: { arguments: "}" } }] },
    { tool_calls: [{ id: "b", function: { name: "two", arguments: "{}" } }] },
  ]);
  const said = items.map((each) => [each.call_id, each.name, each.arguments]);
  assert.deepEqual(said, [["a", "one", "{}"], ["b", "two", "{}"]]);
});

Deno.test("OutputItems: arguments that come before their function's name are not lost", () => {
  const { items, events } = made([
    { tool_calls: [{ index: 0, id: "a", function: { arguments: '{"x"' } }] },
    { tool_calls: [{ index: 0, function: { name: "one" } }] },
    { tool_calls: [{ index: 0, function: { arguments: ":1}" } }] },
  ]);
  assert.equal(items[0].arguments, '{"x":1}');
  const pieces = events.filter(({ type }) =>
    type === "response.function_call_arguments.delta"
  ).map(({ delta }) => delta);
  assert.equal(pieces.join(""), '{"x":1}');
});

Deno.test("OutputItems: what is broken off is incomplete", () => {
  const { items } = made([{ content: "It is" }], false);
  assert.equal(items[0].status, "incomplete");
});

Deno.test("OutputItems: a refusal is a part of its own kind", () => {
  const { items, events } = made([{ refusal: "I " }, { refusal: "cannot" }]);
  assert.deepEqual(items[0].content, [{
    type: "refusal",
    refusal: "I cannot",
  }]);
  const done = events.find(({ type }) => type === "response.refusal.done");
  assert.equal(done?.refusal, "I cannot");
});
