import assert from "node:assert/strict";
import type { ChatRequest } from "@/lib/llm/types.ts";
import { type Behaviour } from "@/tests/support/fake_upstream.ts";
import {
  LIMIT_MS,
  textOf,
  withPair,
} from "@/tests/support/fake_upstream_provider.ts";

Deno.test("OpenAIProvider.stream: text is exact however bytes are cut, over many seeds", async () => {
  const text =
    "Héllo 👋🏽 世界! Ω≈ç√ \u{1F469}\u200D\u{1F680} “quotes”\n\n```ts\n1 < 2\n```\n" +
    "漢字かな交じり文".repeat(20);
  for (let seed = 1; seed <= 25; seed++) {
    const lineEnd = (["\n", "\r\n", "\r"] as const)[seed % 3];
    const behaviour: Behaviour = {
      text,
      lineEnd,
      comments: seed % 2 === 0,
      multiLine: seed % 4 === 0,
      burst: 1 + seed % 5,
    };
    await withPair({ seed, behaviour }, async ({ ask }) => {
      assert.equal(textOf(await ask()), text, `seed ${seed}`);
    });
  }
});

Deno.test("OpenAIProvider.stream: sends the request as given, with key and usage asked", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    const request: ChatRequest = {
      model: "fake-1",
      messages: [{ role: "system", content: "Be brief" }, {
        role: "user",
        content: "Hi",
        name: "Ada",
      }],
      params: { temperature: 0.5, stop: ["x"], stream: false },
    };
    await Array.fromAsync(
      provider.stream(request, AbortSignal.timeout(LIMIT_MS)),
    );
    const [{ body, headers, path }] = upstream.requests;
    assert.equal(path, "/v1/chat/completions");
    assert.equal(headers.authorization, "Bearer sk-test-secret");
    assert.deepEqual(body, {
      model: "fake-1",
      messages: request.messages,
      temperature: 0.5,
      stop: ["x"],
      stream: true,
      stream_options: { include_usage: true },
    });
  });
});

Deno.test("OpenAIProvider.stream: raw is the event, once per event", async () => {
  await withPair({ behaviour: { text: "a b" } }, async ({ ask }) => {
    const deltas = await ask();
    const parsed = deltas.filter((delta) => delta.raw !== undefined)
      .map((delta) => JSON.parse(delta.raw!));
    assert.deepEqual(
      parsed.map((chunk) => chunk.choices[0]?.delta.content),
      ["a ", "b", undefined, undefined],
    );
  });
});

for (const usage of ["own", "last", "every"] as const) {
  Deno.test(`OpenAIProvider.stream: usage is the last delta when it comes in the ${usage} chunk`, async () => {
    const behaviour: Behaviour = { text: "a b c", usage, cachedTokens: 1 };
    await withPair({ behaviour }, async ({ ask }) => {
      const deltas = await ask("fake-1", "one two");
      const found = deltas.filter((delta) => delta.type === "usage");
      assert.equal(found.length, 1);
      assert.equal(found[0], deltas.at(-1));
      assert.deepEqual(found[0].usage, {
        inputTokens: 2,
        cachedInputTokens: 1,
        outputTokens: 3,
      });
    });
  });
}

Deno.test("OpenAIProvider.stream: no usage delta when the provider sends none", async () => {
  await withPair({ behaviour: { usage: "none" } }, async ({ ask }) => {
    const deltas = await ask();
    assert.deepEqual(deltas.at(-1)?.type, "finish");
  });
});

Deno.test("OpenAIProvider.stream: asks again without stream_options on 400, and remembers", async () => {
  const behaviour: Behaviour = { text: "ok", refuseStreamOptions: true };
  await withPair({ behaviour }, async ({ upstream, ask }) => {
    assert.equal(textOf(await ask()), "ok");
    assert.equal(textOf(await ask()), "ok");
    const asked = upstream.chats().map(({ body }) => "stream_options" in body);
    assert.deepEqual(asked, [true, false, false]);
  });
});

for (const field of ["reasoning_content", "reasoning"] as const) {
  Deno.test(`OpenAIProvider.stream: reads reasoning from ${field}`, async () => {
    const behaviour: Behaviour = {
      reasoning: "Let me think",
      reasoningField: field,
      text: "Yes",
    };
    await withPair({ behaviour }, async ({ ask }) => {
      const deltas = await ask();
      const reasoning = deltas
        .map((delta) => delta.type === "reasoning" ? delta.text : "").join("");
      assert.deepEqual([reasoning, textOf(deltas)], ["Let me think", "Yes"]);
    });
  });
}

Deno.test("OpenAIProvider.stream: tool calls come through in pieces", async () => {
  await withPair({}, async ({ ask }) => {
    const deltas = await ask("tools");
    const calls = deltas.flatMap((delta) =>
      delta.type === "tool" ? [delta.call] : []
    ) as { function: { name?: string; arguments: string } }[];
    assert.equal(calls[0].function.name, "get_weather");
    assert.equal(
      calls.map((call) => call.function.arguments).join(""),
      '{"city":"Zürich"}',
    );
    assert.deepEqual(
      deltas.findLast((delta) => delta.type === "finish")?.reason,
      "tool_calls",
    );
  });
});

const WHOLE: [name: string, behaviour: Behaviour, reason: string][] = [
  ["finish length", { finishReason: "length" }, "length"],
  [
    "finish content_filter",
    { finishReason: "content_filter" },
    "content_filter",
  ],
  ["no [DONE] but a finish", { withoutDone: true }, "stop"],
  ["[DONE] but no finish", { withoutFinish: true }, "stop"],
  ["one document although a stream was asked", { ignoresStream: true }, "stop"],
  ["a body held open after [DONE]", { lingerAfterDone: true }, "stop"],
  [
    "a body held open after the finish",
    { withoutDone: true, lingerAfterDone: true, usage: "none" },
    "stop",
  ],
];
for (const [name, behaviour, reason] of WHOLE) {
  Deno.test(`OpenAIProvider.stream: whole with ${name}`, async () => {
    await withPair(
      {
        behaviour: { text: "fine by me", ...behaviour },
        provider: { timeoutsMs: { tokenGap: 500 } },
      },
      async ({ ask }) => {
        const deltas = await ask();
        const finishes = deltas.filter((delta) => delta.type === "finish");
        assert.deepEqual(finishes.map((finish) => finish.reason), [reason]);
        assert.equal(textOf(deltas), "fine by me");
      },
    );
  });
}
