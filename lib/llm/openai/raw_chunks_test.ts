import assert from "node:assert/strict";
import fc from "fast-check";
import { deltaText } from "@/lib/llm/openai/chunk_text.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import { RawChunkReader } from "@/lib/llm/openai/raw_chunks.ts";
import type { Delta } from "@/lib/llm/types.ts";

function read(...events: string[]): Delta[] {
  const failures = new ProviderFailures("fake", null);
  const reader = new RawChunkReader(failures, "m1");
  const deltas: Delta[] = [];
  for (const event of events) reader.read(event, undefined, deltas);
  reader.end(deltas);
  return deltas;
}

/** A chunk with a delta of its only choice, and what the provider writes behind the choices. */
const chunk = (delta: unknown, rest = {}) =>
  JSON.stringify({
    id: "c",
    model: "m1",
    choices: [{ index: 0, delta, finish_reason: null }],
    ...rest,
  });

const textOf = (delta: Delta) => "text" in delta ? delta.text : "";

Deno.test("RawChunkReader.read: a chunk says what its JSON says, whatever came before it", () => {
  const content = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom('"', "\\", "\n", '","role":"x', "{}", "content", " a"),
  );
  const event = fc.oneof(
    { weight: 6, arbitrary: content.map((content) => chunk({ content })) },
    content.map((content) => chunk({ role: "assistant", content })),
    content.map((content) => chunk({ content, refusal: content })),
    content.map((content) => chunk({ content }, { content })),
    content.map((content) => chunk({ content }, { obfuscation: content })),
    content.map((content) => chunk({ other: { content }, content })),
    content.map((content) =>
      JSON.stringify(JSON.parse(chunk({ content })), null, 1)
    ),
  );
  fc.assert(fc.property(fc.array(event, { maxLength: 12 }), (events) => {
    const said = events.map((event) =>
      deltaText(JSON.parse(event).choices[0].delta)
    );
    const deltas = read(...events);
    assert.deepEqual(deltas.map((delta) => delta.raw), events);
    assert.deepEqual(deltas.map(textOf), said);
  }));
});

Deno.test("RawChunkReader.read: a cut chunk between whole ones is refused", () => {
  const whole = chunk({ content: "a" });
  assert.throws(() => read(whole, whole, whole.slice(0, -1)), {
    code: "provider_malformed",
  });
});

Deno.test("RawChunkReader.read: an error among chunks is thrown", () => {
  const whole = chunk({ content: "a" });
  const failed = chunk({ content: "a" }, { error: { message: "No more" } });
  assert.throws(() => read(whole, whole, failed), /No more/);
});

Deno.test("RawChunkReader.read: calls, reasons and usage among chunks of text are read", () => {
  const whole = chunk({ content: "a" });
  const call = { index: 0, id: "1", function: { name: "f", arguments: "" } };
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  const deltas = read(
    whole,
    whole,
    chunk({ tool_calls: [call] }),
    whole,
    chunk({ content: "a" }, { usage }),
    chunk({ reasoning_content: "r" }),
    whole.replace('"finish_reason":null', '"finish_reason":"stop"'),
  );
  assert.deepEqual(deltas.map(({ type }) => type), [
    "text",
    "text",
    "tool",
    "text",
    "text",
    "reasoning",
    "text",
    "finish",
    "usage",
  ]);
});

Deno.test("RawChunkReader.read: a raw control character in a text is no JSON", () => {
  const whole = chunk({ content: "a" });
  assert.throws(() => read(whole, whole, whole.replace('"a"', '"a\u0001"')), {
    code: "provider_malformed",
  });
});
