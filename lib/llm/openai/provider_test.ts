import assert from "node:assert/strict";
import { ProviderError } from "@/lib/errors.ts";
import {
  OpenAIProvider,
  type OpenAIProviderOptions,
} from "@/lib/llm/openai/provider.ts";
import type { ChatRequest, Delta } from "@/lib/llm/types.ts";
import {
  type Behaviour,
  type FakeUpstream,
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";

interface Pair {
  upstream: FakeUpstream;
  provider: OpenAIProvider;
  /** Streams one answer to its end. */
  ask(model?: string, content?: string): Promise<Delta[]>;
}

function chat(model: string, content = "Hello"): ChatRequest {
  return { model, messages: [{ role: "user", content }] };
}

function textOf(deltas: Delta[]): string {
  return deltas
    .map((delta) => delta.type === "text" ? delta.text : "")
    .join("");
}

const LIMIT_MS = 20_000;

async function withPair(
  options: FakeUpstreamOptions & { provider?: Partial<OpenAIProviderOptions> },
  run: (pair: Pair) => Promise<void>,
): Promise<void> {
  const upstream = await startFakeUpstream(options);
  const provider = new OpenAIProvider({
    id: "fake",
    baseUrl: upstream.url,
    apiKey: "sk-test-secret",
    ...options.provider,
  });
  const ask = (model = "fake-1", content?: string) =>
    Array.fromAsync(
      provider.stream(chat(model, content), AbortSignal.timeout(LIMIT_MS)),
    );
  try {
    await run({ upstream, provider, ask });
  } finally {
    provider.close();
    await upstream.close();
  }
}

/** Asks and gives back the deltas that came and the error that ended them. */
async function askAndFail(
  { provider }: Pair,
  model = "fake-1",
): Promise<{ deltas: Delta[]; error: ProviderError }> {
  const deltas: Delta[] = [];
  const signal = AbortSignal.timeout(LIMIT_MS);
  try {
    for await (const delta of provider.stream(chat(model), signal)) {
      deltas.push(delta);
    }
  } catch (error) {
    assert.ok(error instanceof ProviderError, String(error));
    return { deltas, error };
  }
  throw new Error("Answer ended as if whole");
}

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

const FAILS: [
  name: string,
  behaviour: Behaviour,
  status: number,
  code: string,
  retryable: boolean,
][] = [
  ["400", { status: 400 }, 400, "provider_refused", false],
  ["401", { status: 401 }, 502, "provider_auth_failed", false],
  ["402", { status: 402 }, 400, "provider_refused", false],
  ["403", { status: 403 }, 502, "provider_auth_failed", false],
  ["404 of a model", { status: 404 }, 404, "model_not_found", false],
  [
    "404 of Ollama",
    {
      status: 404,
      error: { message: 'model "x" not found, try pulling it first' },
    },
    404,
    "model_not_found",
    false,
  ],
  [
    "404 of a wrong address",
    { status: 404, rawBody: "404 page not found", contentType: "text/plain" },
    400,
    "provider_refused",
    false,
  ],
  ["408", { status: 408 }, 504, "provider_timeout", true],
  ["409", { status: 409 }, 502, "provider_unavailable", true],
  ["429", { status: 429 }, 429, "provider_rate_limited", true],
  [
    "429 of a spent quota",
    {
      status: 429,
      error: {
        message: "You exceeded your current quota",
        code: "insufficient_quota",
      },
    },
    429,
    "provider_rate_limited",
    false,
  ],
  ["500", { status: 500 }, 502, "provider_unavailable", true],
  ["502", { status: 502 }, 502, "provider_unavailable", true],
  [
    "502 as a web page",
    { status: 502, rawBody: "<h1>Bad gateway</h1>", contentType: "text/html" },
    502,
    "provider_unavailable",
    true,
  ],
  ["503", { status: 503 }, 502, "provider_unavailable", true],
  [
    "a redirect",
    { status: 307, headers: { location: "/elsewhere" } },
    502,
    "provider_malformed",
    false,
  ],
  [
    "a web page",
    { rawBody: "<!doctype html><p>Hi", contentType: "text/html" },
    502,
    "provider_malformed",
    true,
  ],
  ["garbage", { rawBody: "garbage" }, 502, "provider_malformed", true],
  ["an empty body", { rawBody: "" }, 502, "provider_malformed", true],
  [
    "an error in a 200",
    {
      rawBody: '{"error":{"message":"No credits","code":402}}',
      contentType: "application/json",
    },
    400,
    "provider_refused",
    false,
  ],
  [
    "JSON of another kind",
    { rawBody: '{"ok":true}', contentType: "application/json" },
    502,
    "provider_malformed",
    true,
  ],
  [
    "an event that is a number",
    { rawBody: "data: 7\n\n" },
    502,
    "provider_malformed",
    true,
  ],
  [
    "data nested without end",
    { rawBody: `data: ${"[".repeat(100_000)}\n\n` },
    502,
    "provider_malformed",
    true,
  ],
  [
    "an event without an end",
    { rawBody: `data: ${"x".repeat(5 * 1024 * 1024)}` },
    502,
    "provider_malformed",
    true,
  ],
  [
    "a rate limit inside the stream",
    {
      errorAfter: 0,
      errorEvent: { message: "Slow down", code: "rate_limit_exceeded" },
    },
    429,
    "provider_rate_limited",
    true,
  ],
  [
    "a compressed body",
    { rawBody: "\u001f\u008b", headers: { "content-encoding": "gzip" } },
    502,
    "provider_malformed",
    true,
  ],
];
for (const [name, behaviour, status, code, retryable] of FAILS) {
  Deno.test(`OpenAIProvider.stream: ${name} is ${status} ${code}`, async () => {
    await withPair({ behaviour }, async (pair) => {
      const { deltas, error } = await askAndFail(pair);
      assert.deepEqual(
        [error.status, error.code, error.retryable, deltas],
        [status, code, retryable, []],
        error.message,
      );
    });
  });
}

const BREAKS: [name: string, behaviour: Behaviour, code: string][] = [
  ["a socket cut in an event", { cutAfter: 3 }, "provider_stream_broken"],
  ["an end without finish", { endAfter: 3 }, "provider_stream_broken"],
  ["an error event", { errorAfter: 3 }, "provider_stream_broken"],
  ["an event that is not JSON", { malformedAfter: 3 }, "provider_malformed"],
  ["silence", { stallAfter: 3 }, "provider_timeout"],
];
for (const [name, behaviour, code] of BREAKS) {
  Deno.test(`OpenAIProvider.stream: ${name} after three tokens keeps them and throws ${code}`, async () => {
    await withPair(
      {
        behaviour: { text: "one two three four", ...behaviour },
        provider: { timeoutsMs: { tokenGap: 200 } },
      },
      async (pair) => {
        const { deltas, error } = await askAndFail(pair);
        assert.equal(error.code, code, error.message);
        assert.equal(textOf(deltas), "one two three ");
      },
    );
  });
}

Deno.test("OpenAIProvider.stream: a context that is too long is context_length_exceeded", async () => {
  await withPair({}, async (pair) => {
    const { error } = await askAndFail(pair, "too-long");
    assert.deepEqual([error.status, error.code], [
      400,
      "context_length_exceeded",
    ]);
  });
});

Deno.test("OpenAIProvider.stream: Retry-After is told in milliseconds and as a header", async () => {
  const behaviour = { status: 429, headers: { "retry-after": "7" } };
  await withPair({ behaviour }, async (pair) => {
    const { error } = await askAndFail(pair);
    assert.equal(error.retryAfterMs, 7000);
    assert.equal(error.headers["Retry-After"], "7");
  });
});

Deno.test("OpenAIProvider.stream: the provider's words are passed on without keys", async () => {
  const behaviour = {
    status: 422,
    error: { message: "Key sk-test-secret or sk-other-abcdef12 is odd" },
  };
  await withPair({ behaviour }, async (pair) => {
    const { error } = await askAndFail(pair);
    assert.equal(
      error.message,
      'The provider "fake" refused the request: Key [key] or [key] is odd',
    );
  });
});

Deno.test("OpenAIProvider.stream: nobody at the address is provider_unavailable", async () => {
  const gone = await startFakeUpstream();
  await gone.close();
  await withPair({ provider: { baseUrl: gone.url } }, async (pair) => {
    const { error } = await askAndFail(pair);
    assert.deepEqual([error.status, error.code], [502, "provider_unavailable"]);
    assert.match(error.message, /refused the connection/);
  });
});

Deno.test("OpenAIProvider.stream: silence before the first token is provider_timeout of its own", async () => {
  for (const behaviour of [{ neverAnswers: true }, { stallAfter: 0 }]) {
    await withPair(
      { behaviour, provider: { timeoutsMs: { firstToken: 150 } } },
      async (pair) => {
        const { error } = await askAndFail(pair);
        assert.deepEqual([error.status, error.code, error.extra], [
          504,
          "provider_timeout",
          { deadline: "firstToken" },
        ]);
        await pair.upstream.waitForHangUp(0);
      },
    );
  }
});

Deno.test("OpenAIProvider.stream: an answer beyond the total time is provider_timeout", async () => {
  await withPair(
    {
      behaviour: { text: "word ".repeat(1000), tokensPerSecond: 50 },
      provider: { timeoutsMs: { total: 300 } },
    },
    async (pair) => {
      const { error } = await askAndFail(pair);
      assert.deepEqual(error.extra, { deadline: "total" });
    },
  );
});

Deno.test("OpenAIProvider.stream: the gap between tokens counts only while somebody reads", async () => {
  await withPair(
    {
      behaviour: { text: "one two three", burst: 100, split: false },
      provider: { timeoutsMs: { tokenGap: 50 } },
    },
    async ({ provider }) => {
      const stream = provider.stream(
        chat("fake-1"),
        AbortSignal.timeout(LIMIT_MS),
      );
      const deltas: Delta[] = [];
      for await (const delta of stream) {
        deltas.push(delta);
        await new Promise((resolve) => setTimeout(resolve, 120));
      }
      assert.equal(textOf(deltas), "one two three");
    },
  );
});

Deno.test("OpenAIProvider.stream: waiting for a free connection has an error of its own", async () => {
  await withPair(
    {
      provider: { maxConnections: 1, timeoutsMs: { firstToken: 300 } },
      behaviour: { text: "one two" },
    },
    async (pair) => {
      const { provider, upstream } = pair;
      upstream.next({ stallAfter: 1 });
      const controller = new AbortController();
      const first = provider.stream(chat("fake-1"), controller.signal)
        [Symbol.asyncIterator]();
      await first.next();
      const { error } = await askAndFail(pair);
      assert.match(error.message, /^All 1 connections/);
      await first.return?.();
    },
  );
});

for (const how of ["signal", "return"] as const) {
  for (const moment of ["before the answer", "in the answer"] as const) {
    Deno.test(`OpenAIProvider.stream: ${how} ${moment} closes the socket`, async () => {
      const behaviour = moment === "before the answer"
        ? { neverAnswers: true }
        : { text: "one two three", stallAfter: 2 };
      await withPair({ behaviour }, async ({ upstream, provider }) => {
        const controller = new AbortController();
        const stream = provider.stream(chat("fake-1"), controller.signal)
          [Symbol.asyncIterator]();
        const first = stream.next();
        if (moment === "in the answer") await first;
        const pending = moment === "in the answer"
          ? stream.next().then(() => stream.next())
          : first;
        await upstream.waitForChat(0);
        const reason = new Error("Stopped");
        const ended = how === "signal"
          ? assert.rejects(pending, reason)
          : pending.then((result) => assert.equal(result.done, true));
        if (how === "signal") controller.abort(reason);
        else await stream.return!();
        await ended;
        await upstream.waitForHangUp(0);
        assert.deepEqual(await stream.next(), { done: true, value: undefined });
      });
    });
  }
}

Deno.test("OpenAIProvider.stream: p95 from abort to the provider's end of the socket is under 200 ms", async () => {
  await withPair({ behaviour: { stallAfter: 1 } }, async (pair) => {
    const delaysMs: number[] = [];
    for (let round = 0; round < 40; round++) {
      const controller = new AbortController();
      const stream = pair.provider.stream(chat("fake-1"), controller.signal)
        [Symbol.asyncIterator]();
      await stream.next();
      const abortedAt = performance.now();
      controller.abort();
      await assert.rejects(stream.next(), { name: "AbortError" });
      delaysMs.push(await pair.upstream.waitForHangUp(round) - abortedAt);
    }
    delaysMs.sort((left, right) => left - right);
    const p95 = delaysMs[Math.floor(delaysMs.length * 0.95)];
    assert.ok(p95 < 200, `p95 is ${p95} ms`);
  });
});

Deno.test("OpenAIProvider.stream: a signal that is aborted already sends nothing", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    const stream = provider.stream(chat("fake-1"), AbortSignal.abort());
    await assert.rejects(Array.fromAsync(stream), { name: "AbortError" });
    assert.equal(upstream.requests.length, 0);
  });
});

Deno.test("OpenAIProvider.stream: sockets are used again, also after refusals", async () => {
  await withPair({}, async ({ upstream, ask }) => {
    upstream.next({}, { status: 429 }, { status: 400 });
    await ask();
    await assert.rejects(ask());
    await assert.rejects(ask());
    for (let round = 0; round < 20; round++) await ask();
    // A request may leave in the moment between [DONE] and the end of the body before it.
    const sockets = upstream.openConnections();
    assert.ok(sockets <= 4, `${sockets} sockets for 23 answers in turn`);
  });
});

Deno.test("OpenAIProvider.stream: a socket that the provider closed while idle is replaced unseen", async () => {
  await withPair({ behaviour: { text: "ok" } }, async ({ upstream, ask }) => {
    await ask();
    upstream.dropIdle();
    assert.equal(textOf(await ask()), "ok");
  });
});

Deno.test("OpenAIProvider.stream: no socket is left after failures of every kind", async () => {
  await withPair(
    { provider: { timeoutsMs: { tokenGap: 100, firstToken: 500 } } },
    async (pair) => {
      const models = ["cut", "stall", "malformed", "error-event", "silent"];
      await Promise.all(models.map((model) => askAndFail(pair, model)));
      for (const index of models.keys()) {
        await pair.upstream.waitForHangUp(index);
      }
      assert.equal(pair.upstream.openConnections(), 0);
    },
  );
});

/** Bytes that our end of the only socket has taken. */
function bytesRead(provider: OpenAIProvider): number {
  const { sockets } = provider["transport"]["agent"];
  return Object.values(sockets).flat()[0]!.bytesRead;
}

Deno.test("OpenAIProvider.stream: an answer that nobody reads waits at the provider, and loses nothing", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    const stream = provider.stream(chat("huge"), AbortSignal.timeout(60_000));
    const iterator = stream[Symbol.asyncIterator]();
    const first = await iterator.next();
    const { bytesSent } = await upstream.waitForChat(0);
    // The provider is stuck once it has sent nothing more for a while.
    for (let still = 0, before = -1; still < 20;) {
      still = bytesSent() === before ? still + 1 : 0;
      before = bytesSent();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    assert.equal(upstream.chats()[0].finished, false);
    assert.ok(
      bytesRead(provider) < 1024 * 1024,
      `${bytesRead(provider)} bytes were taken for one delta`,
    );
    let characters = first.value?.type === "text" ? first.value.text.length : 0;
    for await (const delta of { [Symbol.asyncIterator]: () => iterator }) {
      if (delta.type === "text") characters += delta.text.length;
    }
    assert.equal(characters, 2 * 1024 * 1024);
  });
});

Deno.test("OpenAIProvider.stream: a huge answer can be left in the middle", async () => {
  await withPair({}, async ({ upstream, provider }) => {
    let count = 0;
    for await (
      const _ of provider.stream(chat("huge"), AbortSignal.timeout(LIMIT_MS))
    ) if (++count === 1000) break;
    await upstream.waitForHangUp(0);
    assert.equal(upstream.chats()[0].hungUp, true);
  });
});
