import assert from "node:assert/strict";
import fc from "fast-check";
import type { Delta } from "@/lib/llm/types.ts";
import { decodeDeltas, encodeDeltas } from "./delta_codec.ts";

const content = fc.string({ unit: "binary", maxLength: 20 });
const count = fc.nat({ max: 1_000_000 });
const raw = fc.option(content, { nil: undefined });

const delta: fc.Arbitrary<Delta> = fc.oneof(
  fc.record({
    type: fc.constantFrom("text" as const, "reasoning" as const),
    text: content,
    raw,
  }),
  fc.record({
    type: fc.constant("tool" as const),
    call: fc.dictionary(content, content),
  }),
  fc.record({ type: fc.constant("finish" as const), reason: content }),
  fc.record({
    type: fc.constant("usage" as const),
    usage: fc.record({
      inputTokens: count,
      cachedInputTokens: count,
      outputTokens: count,
    }),
  }),
);

Deno.test("decodeDeltas: gives back whatever was encoded", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(delta, { maxLength: 300 }), async (deltas) => {
      const plain = JSON.parse(JSON.stringify(deltas));
      assert.deepEqual(await decodeDeltas(await encodeDeltas(deltas)), plain);
    }),
    { numRuns: 100 },
  );
});

Deno.test("decodeDeltas: long answers come back in their order", async () => {
  const deltas = Array.from(
    { length: 5_000 },
    (_, index): Delta => ({ type: "text", text: `${index}` }),
  );
  assert.deepEqual(await decodeDeltas(await encodeDeltas(deltas)), deltas);
});

const GARBAGE = {
  "no line end": '[{"type":"text","text":"a"}]',
  "no JSON": "[{\n",
  "no list": '{"type":"text"}\n',
  "a kind that this code does not know": '[{"type":"smell"}]\n',
  "null in a list": "[null]\n",
};

for (const [name, text] of Object.entries(GARBAGE)) {
  Deno.test(`decodeDeltas: ${name} is nothing`, async () => {
    assert.equal(await decodeDeltas(new TextEncoder().encode(text)), null);
  });
}

Deno.test("decodeDeltas: bytes that are no text are nothing", async () => {
  const bytes = new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d, 0x0a]);
  assert.equal(await decodeDeltas(bytes), null);
});
