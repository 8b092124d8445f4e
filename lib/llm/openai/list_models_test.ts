import assert from "node:assert/strict";
import { ProviderError } from "@/lib/errors.ts";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import {
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";

const LIMIT_MS = 20_000;

async function listed(
  options: FakeUpstreamOptions,
  signal = AbortSignal.timeout(LIMIT_MS),
): Promise<string[]> {
  const upstream = await startFakeUpstream(options);
  const provider = new OpenAIProvider({
    id: "fake",
    baseUrl: upstream.url,
    apiKey: "sk-test-secret",
    timeoutsMs: { firstToken: 300 },
  });
  try {
    return await provider.listModels(signal);
  } finally {
    provider.close();
    await upstream.close();
  }
}

Deno.test("OpenAIProvider.listModels: names in the provider's order, asked with the key", async () => {
  const options = { models: ["b", "a"], apiKey: "sk-test-secret" };
  assert.deepEqual(await listed(options), ["b", "a"]);
});

Deno.test("OpenAIProvider.listModels: a provider that needs no key gets none", async () => {
  const upstream = await startFakeUpstream({ models: ["m1"] });
  const provider = new OpenAIProvider({ id: "fake", baseUrl: upstream.url });
  await provider.listModels(AbortSignal.timeout(LIMIT_MS));
  assert.equal(upstream.requests[0].headers.authorization, undefined);
  provider.close();
  await upstream.close();
});

Deno.test("OpenAIProvider.listModels: Ollama's null is an empty list, entries without a name are left out", async () => {
  const json = { contentType: "application/json" };
  const none = { rawBody: '{"object":"list","data":null}', ...json };
  assert.deepEqual(await listed({ modelsBehaviour: none }), []);
  const odd = {
    rawBody: '{"data":[null,{"id":7},{"id":""},{"id":"m"}]}',
    ...json,
  };
  assert.deepEqual(await listed({ modelsBehaviour: odd }), ["m"]);
});

const FAILS: [string, FakeUpstreamOptions["modelsBehaviour"], string][] = [
  ["401", { status: 401 }, "provider_auth_failed"],
  ["500", { status: 500 }, "provider_unavailable"],
  ["429", { status: 429 }, "provider_rate_limited"],
  [
    "a web page",
    { rawBody: "<h1>Hi</h1>", contentType: "text/html" },
    "provider_malformed",
  ],
  [
    "other JSON",
    { rawBody: '{"ok":1}', contentType: "application/json" },
    "provider_malformed",
  ],
  [
    "a redirect",
    { status: 302, headers: { location: "/v1/models" } },
    "provider_malformed",
  ],
  ["silence", { neverAnswers: true }, "provider_timeout"],
];
for (const [name, modelsBehaviour, code] of FAILS) {
  Deno.test(`OpenAIProvider.listModels: ${name} is ${code}`, async () => {
    await assert.rejects(
      listed({ modelsBehaviour }),
      (error) => error instanceof ProviderError && error.code === code,
    );
  });
}

Deno.test("OpenAIProvider.listModels: nobody at the address is provider_unavailable", async () => {
  const gone = await startFakeUpstream();
  await gone.close();
  const provider = new OpenAIProvider({ id: "fake", baseUrl: gone.url });
  await assert.rejects(
    provider.listModels(AbortSignal.timeout(LIMIT_MS)),
    { code: "provider_unavailable" },
  );
  provider.close();
});

Deno.test("OpenAIProvider.listModels: the caller's signal ends it with its reason", async () => {
  await assert.rejects(listed({}, AbortSignal.abort(new Error("Stopped"))), {
    message: "Stopped",
  });
});

Deno.test("OpenAIProvider.listModels: a list without end is given up", async () => {
  await assert.rejects(
    listed({
      modelsBehaviour: {
        rawBody: `{"data":["${"x".repeat(17 * 1024 * 1024)}"]}`,
        contentType: "application/json",
      },
    }),
    (error) => error instanceof ProviderError,
  );
});
