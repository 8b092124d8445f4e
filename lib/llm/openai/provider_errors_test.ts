import assert from "node:assert/strict";
import {
  type Behaviour,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";
import {
  askAndFail,
  textOf,
  withPair,
} from "@/tests/support/fake_upstream_provider.ts";

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
