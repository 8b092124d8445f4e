import assert from "node:assert/strict";
import type { ProviderSettings } from "@/lib/config.ts";
import { AppError } from "@/lib/errors.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import type { Delta } from "@/lib/llm/types.ts";
import {
  type FakeUpstream,
  type FakeUpstreamOptions,
  startFakeUpstream,
} from "@/tests/support/fake_upstream.ts";

const LIMIT_MS = 20_000;
const MINUTE_MS = 60_000;

interface Rig {
  registry: ModelRegistry;
  upstreams: Record<string, FakeUpstream>;
  /** Moves the registry's clock forward. */
  advance(ms: number): void;
  ids(): Promise<string[]>;
}

/** A registry over one fake upstream for each name; the first is the default provider if asked. */
async function withRegistry(
  servers: Record<
    string,
    FakeUpstreamOptions & { configured?: string[] | "discover" }
  >,
  defaultProvider: string | null,
  run: (rig: Rig) => Promise<void>,
): Promise<void> {
  const upstreams: Record<string, FakeUpstream> = {};
  const providers: ProviderSettings[] = [];
  for (const [id, { configured, ...options }] of Object.entries(servers)) {
    upstreams[id] = await startFakeUpstream(options);
    providers.push({
      id,
      baseUrl: upstreams[id].url,
      apiKey: null,
      models: configured ?? "discover",
      maxConnections: 4,
    });
  }
  let nowMs = MINUTE_MS;
  const registry = new ModelRegistry({
    providers,
    defaultProvider,
    now: () => nowMs,
  });
  try {
    await run({
      registry,
      upstreams,
      advance: (ms) => nowMs += ms,
      ids: async () =>
        (await registry.list(AbortSignal.timeout(LIMIT_MS))).map(({ id }) =>
          id
        ),
    });
  } finally {
    registry.close();
    for (const upstream of Object.values(upstreams)) await upstream.close();
  }
}

async function until(condition: () => boolean | Promise<boolean>) {
  const deadline = performance.now() + LIMIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error("Condition never held");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function isModelNotFound(error: unknown): boolean {
  return error instanceof AppError && error.status === 404 &&
    error.code === "model_not_found";
}

Deno.test("ModelRegistry.list: the demo alone while no provider is configured", async () => {
  await withRegistry({}, null, async ({ registry, ids }) => {
    assert.deepEqual(await ids(), ["freshet/demo"]);
    assert.equal(
      await registry.defaultModel(AbortSignal.timeout(LIMIT_MS)),
      "freshet/demo",
    );
    assert.equal(registry.resolve("freshet/demo").model, "demo");
    assert.throws(() => registry.resolve("gpt-5"), isModelNotFound);
  });
});

Deno.test("ModelRegistry.list: plain names of the default provider, then all with their provider", async () => {
  await withRegistry(
    { openai: { models: ["m1", "m2"] }, b: { configured: ["m1"] } },
    "openai",
    async ({ ids, upstreams }) => {
      assert.deepEqual(await ids(), [
        "m1",
        "m2",
        "openai/m1",
        "openai/m2",
        "b/m1",
      ]);
      assert.equal(upstreams.b.requests.length, 0);
    },
  );
});

Deno.test("ModelRegistry.list: the demo is gone once a provider is configured", async () => {
  await withRegistry(
    { a: { models: ["m1"] } },
    null,
    async ({ ids, registry }) => {
      assert.deepEqual(await ids(), ["a/m1"]);
      assert.throws(() => registry.resolve("freshet/demo"), isModelNotFound);
    },
  );
});

Deno.test("ModelRegistry.list: a provider that fails or has no list blocks no other", async () => {
  await withRegistry(
    {
      down: { modelsBehaviour: { status: 500 } },
      none: { models: null },
      page: { modelsBehaviour: { rawBody: "<p>", contentType: "text/html" } },
      good: { models: ["m1"] },
    },
    null,
    async ({ ids }) => assert.deepEqual(await ids(), ["good/m1"]),
  );
});

Deno.test("ModelRegistry.list: many calls at once ask a provider once", async () => {
  await withRegistry(
    { a: { models: ["m1"] } },
    null,
    async ({ ids, upstreams }) => {
      await Promise.all([ids(), ids(), ids()]);
      await ids();
      assert.equal(upstreams.a.requests.length, 1);
    },
  );
});

Deno.test("ModelRegistry.list: serves what is known while the next list is on its way", async () => {
  await withRegistry({ a: { models: ["m1"] } }, null, async (rig) => {
    await rig.ids();
    rig.upstreams.a.setModels(["m1", "m2"]);
    rig.advance(6 * MINUTE_MS);
    assert.deepEqual(await rig.ids(), ["a/m1"]);
    await until(async () => (await rig.ids()).length === 2);
    assert.equal(rig.upstreams.a.requests.length, 2);
  });
});

Deno.test("ModelRegistry.list: keeps the list of a provider that went down", async () => {
  await withRegistry({ a: { models: ["m1"] } }, null, async (rig) => {
    await rig.ids();
    rig.upstreams.a.setModels(["m1"], { status: 503 });
    rig.advance(6 * MINUTE_MS);
    await rig.ids();
    await until(() => rig.upstreams.a.requests.length === 2);
    assert.deepEqual(await rig.ids(), ["a/m1"]);
  });
});

Deno.test("ModelRegistry.list: an aborted signal ends the wait for a slow list", async () => {
  const slow = { modelsBehaviour: { neverAnswers: true } };
  await withRegistry({ slow, good: { models: ["m1"] } }, null, async (rig) => {
    const controller = new AbortController();
    const listed = rig.registry.list(controller.signal);
    await until(() =>
      rig.upstreams.slow.requests.length === 1 &&
      rig.upstreams.good.requests[0]?.finished
    );
    // The good list may still be on its way through this process, so ask until it is there.
    controller.abort();
    await listed;
    await until(async () =>
      (await rig.registry.list(AbortSignal.abort())).length === 1
    );
  });
});

Deno.test("ModelRegistry.resolve: names with and without the provider lead to the same model", async () => {
  await withRegistry({ openai: { models: ["m1"] } }, "openai", async (rig) => {
    await rig.ids();
    for (const name of ["m1", "openai/m1"]) {
      const { model, id, provider } = rig.registry.resolve(name);
      assert.deepEqual([model, id, provider.id], ["m1", name, "openai"]);
    }
  });
});

Deno.test("ModelRegistry.resolve: names with a slash may be the default provider's own", async () => {
  const models = ["anthropic/claude", "meta/llama:free"];
  await withRegistry({ openai: { models } }, "openai", async (rig) => {
    await rig.ids();
    assert.equal(
      rig.registry.resolve("anthropic/claude").model,
      "anthropic/claude",
    );
    assert.equal(
      rig.registry.resolve("openai/meta/llama:free").model,
      "meta/llama:free",
    );
  });
});

Deno.test("ModelRegistry.namesOf: all names of a model, the one that it is listed by first", async () => {
  const servers = { a: { models: ["m1", "vendor/m2"] }, b: { models: ["m1"] } };
  await withRegistry(servers, "a", async ({ registry, ids }) => {
    await ids();
    assert.deepEqual(registry.namesOf("m1"), ["m1", "a/m1"]);
    assert.deepEqual(registry.namesOf("a/m1"), ["m1", "a/m1"]);
    assert.deepEqual(registry.namesOf("b/m1"), ["b/m1", "m1"]);
    assert.deepEqual(registry.namesOf("vendor/m2"), [
      "vendor/m2",
      "a/vendor/m2",
    ]);
    assert.deepEqual(registry.namesOf("m9"), ["m9"]);
  });
});

Deno.test("ModelRegistry.resolve: unknown names are 404 model_not_found where the list is known", async () => {
  await withRegistry({ a: { configured: ["m1"] } }, null, (rig) => {
    for (const name of ["m1", "a/m2", "b/m1", "a/", "", "/m1"]) {
      assert.throws(() => rig.registry.resolve(name), isModelNotFound, name);
    }
    return Promise.resolve();
  });
});

Deno.test("ModelRegistry.resolve: a provider without a list takes any name", async () => {
  await withRegistry({ openai: { models: null } }, "openai", async (rig) => {
    await rig.ids();
    assert.equal(rig.registry.resolve("whatever").model, "whatever");
    assert.equal(rig.registry.resolve("openai/other").model, "other");
  });
});

Deno.test("ModelRegistry.find: waits for the first list and asks again for a name it lacks", async () => {
  await withRegistry({ a: { models: ["m1"] } }, null, async (rig) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    assert.equal((await rig.registry.find("a/m1", signal)).model, "m1");
    await assert.rejects(rig.registry.find("a/m2", signal), isModelNotFound);
    rig.upstreams.a.setModels(["m1", "m2"]);
    rig.advance(11_000);
    assert.equal((await rig.registry.find("a/m2", signal)).model, "m2");
  });
});

Deno.test("ModelRegistry.defaultModel: the first provider's first model that chats", async () => {
  const a = { models: ["text-embedding-3-small", "tts-1", "chatty", "other"] };
  await withRegistry({ a, b: { models: ["m1"] } }, null, async (rig) => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    assert.equal(await rig.registry.defaultModel(signal), "a/chatty");
  });
});

Deno.test("ModelRegistry.defaultModel: 503 no_model when nobody says what it serves", async () => {
  await withRegistry({ a: { models: null } }, null, async (rig) => {
    await assert.rejects(
      rig.registry.defaultModel(AbortSignal.timeout(LIMIT_MS)),
      { code: "no_model", status: 503 },
    );
  });
});

Deno.test("ModelRegistry.add: a provider found later serves at once", async () => {
  await withRegistry({}, null, async ({ registry, ids }) => {
    const upstream = await startFakeUpstream({
      models: ["qwen3"],
      behaviour: { text: "Hello" },
    });
    registry.add({
      id: "ollama",
      baseUrl: upstream.url,
      apiKey: null,
      models: "discover",
      maxConnections: 4,
    });
    assert.deepEqual(await ids(), ["ollama/qwen3"]);
    const { provider, model } = registry.resolve("ollama/qwen3");
    const deltas: Delta[] = await Array.fromAsync(
      provider.stream(
        { model, messages: [{ role: "user", content: "Hi" }] },
        AbortSignal.timeout(LIMIT_MS),
      ),
    );
    assert.deepEqual(deltas[0].type === "text" && deltas[0].text, "Hello");
    registry.close();
    await upstream.close();
  });
});

function routeTo(...providers: string[]) {
  return {
    id: "best",
    strategy: "priority" as const,
    targets: providers.map((provider) => ({
      provider,
      model: "m1",
      weight: 1,
    })),
    retries: 0,
    timeoutsMs: {
      connect: 5000,
      firstToken: LIMIT_MS,
      tokenGap: LIMIT_MS,
      total: LIMIT_MS,
    },
  };
}

Deno.test("ModelRegistry: a route goes by its id, before a model of the same name", async () => {
  await using upstream = disposable(
    await startFakeUpstream({ models: ["best", "m1"] }),
  );
  const registry = new ModelRegistry({
    providers: [{
      id: "a",
      baseUrl: upstream.url,
      apiKey: null,
      models: ["best", "m1"],
      maxConnections: 4,
    }],
    defaultProvider: "a",
    routes: [routeTo("a")],
  });
  const ids = (await registry.list(AbortSignal.timeout(LIMIT_MS)))
    .map(({ id }) => id);
  assert.deepEqual(ids, ["best", "m1", "a/best", "a/m1"]);
  assert.equal(registry.resolve("best").model, "m1");
  assert.equal(registry.resolve("a/best").model, "best");
  registry.close();
});

Deno.test("ModelRegistry.find: a route waits for nobody's list", async () => {
  await using upstream = disposable(
    await startFakeUpstream({ modelsBehaviour: { neverAnswers: true } }),
  );
  const registry = new ModelRegistry({
    providers: [{
      id: "a",
      baseUrl: upstream.url,
      apiKey: null,
      models: "discover",
      maxConnections: 4,
    }],
    defaultProvider: null,
    routes: [routeTo("a")],
  });
  const { plan } = await registry.find("best", AbortSignal.timeout(LIMIT_MS));
  assert.deepEqual(plan.targets, [{ provider: "a", model: "m1" }]);
  assert.equal(upstream.requests.length, 0);
  registry.close();
});

Deno.test("ModelRegistry: a route whose providers are gone is gone", async () => {
  const registry = new ModelRegistry({
    providers: [],
    defaultProvider: null,
    routes: [routeTo("a")],
  });
  const ids = (await registry.list(AbortSignal.timeout(LIMIT_MS)))
    .map(({ id }) => id);
  assert.deepEqual(ids, ["freshet/demo"]);
  assert.throws(() => registry.resolve("best"), isModelNotFound);
  registry.close();
});

/** An upstream that `await using` closes. */
function disposable(upstream: FakeUpstream): FakeUpstream & AsyncDisposable {
  return Object.assign(upstream, {
    [Symbol.asyncDispose]: () => upstream.close(),
  });
}
