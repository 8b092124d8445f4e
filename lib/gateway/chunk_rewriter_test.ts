import assert from "node:assert/strict";
import fc from "fast-check";
import { ChunkRewriter } from "./chunk_rewriter.ts";

const OPTIONS = { id: "chatcmpl-run", model: 'a "name"', withUsage: false };

function chunk(more: Record<string, unknown> = {}): string {
  return JSON.stringify({
    id: "x",
    object: "chat.completion.chunk",
    created: 17,
    model: "m",
    choices: [{ index: 0, delta: { content: "Hi" }, finish_reason: null }],
    ...more,
  });
}

function rewritten(raw: string, withUsage = false) {
  const result = new ChunkRewriter({ ...OPTIONS, withUsage }).rewrite(raw);
  return result === null ? null : JSON.parse(result);
}

Deno.test("ChunkRewriter: puts id and model in, and leaves the rest as it came", () => {
  const { id, model } = OPTIONS;
  assert.deepEqual(rewritten(chunk()), {
    ...JSON.parse(chunk()),
    id,
    model,
  });
});

Deno.test("ChunkRewriter: numbers keep their spelling where nothing but id and model changes", () => {
  const rewriter = new ChunkRewriter(OPTIONS);
  const raw = '{"id":"x","model":"m","choices":[{"logprob":-1.0,"big":1e400}]}';
  assert.equal(
    rewriter.rewrite(raw),
    '{"id":"chatcmpl-run","model":"a \\"name\\"","choices":[{"logprob":-1.0,"big":1e400}]}',
  );
});

Deno.test("ChunkRewriter: takes out a usage that nobody asked for, wherever it is", () => {
  const usage = { total_tokens: 3 };
  assert.equal("usage" in rewritten(chunk({ usage })), false);
  assert.equal("usage" in rewritten(chunk({ usage: null })), false);
  assert.equal("usage" in rewritten(chunk({ usage: null, x: "]" })), false);
  assert.equal(
    "usage" in rewritten(`{"usage":null,${chunk().slice(1)}`),
    false,
  );
  assert.equal(rewritten(chunk({ choices: [], usage })), null);
});

Deno.test("ChunkRewriter: keeps a usage that was asked for", () => {
  const usage = { total_tokens: 3 };
  assert.deepEqual(rewritten(chunk({ usage }), true).usage, usage);
  assert.equal(rewritten(chunk({ usage: null }), true).usage, null);
});

Deno.test("ChunkRewriter: a text that reads like a usage is a text", () => {
  const content = ',"usage":null}';
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  assert.deepEqual(rewritten(chunk({ choices })).choices, choices);
});

Deno.test("ChunkRewriter: gives one line, however the JSON is laid out", () => {
  const raw = JSON.stringify(JSON.parse(chunk()), null, 2);
  const line = new ChunkRewriter(OPTIONS).rewrite(raw);
  assert.equal(line?.includes("\n"), false);
});

Deno.test("ChunkRewriter: says the same as parsing and writing anew, for any chunks one after the other", () => {
  const name = fc.constantFrom(
    "id",
    "model",
    "created",
    "object",
    "x",
    "usage",
  );
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.record({ total_tokens: fc.integer() }),
    fc.array(fc.record({ index: fc.integer(), usage: fc.constant(null) })),
  );
  const chunks = fc.array(fc.uniqueArray(fc.tuple(name, value), {
    selector: ([name]) => name,
  }));
  fc.assert(fc.property(chunks, fc.boolean(), (all, withUsage) => {
    const rewriter = new ChunkRewriter({ ...OPTIONS, withUsage });
    for (const members of all) {
      const raw = JSON.stringify(
        Object.fromEntries([...members, ["choices", [{}]]]),
      );
      const object = JSON.parse(raw);
      const { usage: _, ...without } = object;
      const expected = {
        ...(withUsage ? object : without),
        id: OPTIONS.id,
        model: OPTIONS.model,
      };
      const result = rewriter.rewrite(raw);
      assert.deepEqual(JSON.parse(result!), expected);
    }
  }));
});
