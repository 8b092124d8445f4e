import assert from "node:assert/strict";
import type { CachedAnswer } from "@/lib/cache/answer.ts";
import type { Delta } from "@/lib/llm/types.ts";
import { type KeptAnswer, KeptAnswers } from "./kept_answer.ts";

const USAGE = { inputTokens: 3, cachedInputTokens: 0, outputTokens: 2 };

function keptOf(texts: string[], change: Partial<KeptAnswer> = {}): KeptAnswer {
  const chunk = (delta: unknown, finish: string | null) =>
    JSON.stringify({
      id: "chatcmpl-up",
      object: "chat.completion.chunk",
      created: 1,
      model: "up",
      choices: [{ index: 0, delta, finish_reason: finish }],
    });
  const deltas: Delta[] = texts.map((text) => ({
    type: "text",
    text,
    raw: chunk({ content: text }, null),
  }));
  deltas.push({ type: "finish", reason: "stop", raw: chunk({}, "stop") });
  const answer: CachedAnswer = {
    deltas,
    finishReason: "stop",
    usage: USAGE,
    served: { provider: "a", model: "up" },
    storedAtMs: 0,
    expiresAtMs: 1,
  };
  return {
    answer,
    hash: "0123456789abcdef0123456789abcdef",
    model: "m1",
    input: { stream: false },
    usage: { ...USAGE, estimated: false },
    ...change,
  };
}

function rig() {
  const held: number[] = [];
  const answers = new KeptAnswers((_answer, _hash, bytes) => held.push(bytes));
  return { held, answers };
}

Deno.test("KeptAnswers: a whole answer has a constant id, the model as asked, and its usage", async () => {
  const { answers } = rig();
  const response = await answers.response(keptOf(["a", "b"]), {
    "x-freshet-cache": "hit-l1",
  });
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal(response.headers.get("x-freshet-cache"), "hit-l1");
  const body = await response.json();
  assert.equal(body.id, "chatcmpl-0123456789abcdef012345");
  assert.equal(body.model, "m1");
  assert.equal(body.choices[0].message.content, "ab");
  assert.equal(body.usage.total_tokens, 5);
});

Deno.test("KeptAnswers: each form of an answer is made once, and told", async () => {
  const { answers, held } = rig();
  const kept = keptOf(["a"]);
  const forms = [
    { stream: false },
    { stream: true },
    { stream: true, stream_options: { include_usage: true } },
  ];
  const texts: string[] = [];
  for (const input of [...forms, ...forms]) {
    const response = await answers.response({ ...kept, input }, {});
    texts.push(await response.text());
  }
  assert.equal(held.length, forms.length);
  assert.deepEqual(texts.slice(3), texts.slice(0, 3));
  assert.equal(held[0], new TextEncoder().encode(texts[0]).length);
});

Deno.test("KeptAnswers: callers who name the model in ever new ways do not fill the memory", async () => {
  const { answers, held } = rig();
  const kept = keptOf(["a"]);
  for (let number = 0; number < 20; number += 1) {
    const model = `m${number}`;
    const response = await answers.response({ ...kept, model }, {});
    assert.equal((await response.json()).model, model);
  }
  assert.equal(held.length, 4);
});

Deno.test("KeptAnswers: a long stream is made while it is read, and not held", async () => {
  const { answers, held } = rig();
  const texts = Array.from({ length: 2_000 }, (_, index) => `${index} `);
  const kept = keptOf(texts, { input: { stream: true } });
  const response = await answers.response(kept, {});
  const text = await response.text();
  assert.deepEqual(held, []);
  const events = text.trimEnd().split("\n\n");
  assert.equal(events.length, texts.length + 2);
  assert.ok(events[0].startsWith("id: 1.1\ndata: {"));
  assert.equal(events.at(-1), "id: 1.2002\ndata: [DONE]");
});
