import assert from "node:assert/strict";
import { ChunkReader, isTooDeep, usageFrom } from "@/lib/llm/openai/chunks.ts";
import { ProviderFailures } from "@/lib/llm/openai/failures.ts";
import type { Delta } from "@/lib/llm/types.ts";

function readAll(...chunks: unknown[]): Delta[] {
  const reader = new ChunkReader(new ProviderFailures("fake", null), "m1");
  const deltas: Delta[] = [];
  for (const chunk of chunks) {
    reader.read(JSON.stringify(chunk), undefined, deltas);
  }
  reader.end(deltas);
  return deltas.map(({ raw: _, ...delta }) => delta as Delta);
}

Deno.test("ChunkReader.read: a chunk that holds everything gives its deltas in order", () => {
  const delta = { reasoning: "hm", content: "yes", refusal: " but no" };
  assert.deepEqual(
    readAll({
      choices: [{ delta, finish_reason: "stop" }],
      usage: { prompt_tokens: 1, completion_tokens: 2 },
    }),
    [
      { type: "reasoning", text: "hm" },
      { type: "text", text: "yes" },
      { type: "text", text: " but no" },
      { type: "finish", reason: "stop" },
      {
        type: "usage",
        usage: { inputTokens: 1, cachedInputTokens: 0, outputTokens: 2 },
      },
    ],
  );
});

Deno.test("ChunkReader.read: what is empty, unknown or of another choice gives nothing", () => {
  const chunks = [
    { choices: [] },
    { choices: null },
    { prompt_filter_results: [{}] },
    { choices: [{ index: 0, delta: { role: "assistant", content: "" } }] },
    { choices: [{ index: 0, delta: null }] },
    { choices: [{ index: 1, delta: { content: "other" } }] },
    { choices: [{ index: 0, delta: { content: ["not text"] } }] },
    { choices: ["odd"], usage: null },
  ];
  assert.deepEqual(readAll(...chunks), [{ type: "finish", reason: "stop" }]);
});

Deno.test("usageFrom: counts that are no counts are zero", () => {
  assert.deepEqual(
    usageFrom({
      prompt_tokens: -4,
      completion_tokens: "7",
      prompt_tokens_details: { cached_tokens: 1e10 },
    }),
    { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 },
  );
  assert.equal(
    usageFrom(JSON.parse('{"prompt_tokens":1e999}'))?.inputTokens,
    0,
  );
  assert.equal(usageFrom(null), null);
});

Deno.test("isTooDeep: counts brackets outside strings only", () => {
  const nest = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  assert.equal(isTooDeep(nest(128)), false);
  assert.equal(isTooDeep(nest(129)), true);
  assert.equal(isTooDeep(JSON.stringify("[".repeat(500))), false);
  assert.equal(
    isTooDeep(JSON.stringify('"\\'.repeat(200) + "[".repeat(500))),
    false,
  );
  assert.equal(isTooDeep("[]".repeat(500)), false);
});
