import assert from "node:assert/strict";
import type { ProviderSettings } from "@/lib/config.ts";
import { AppError } from "@/lib/errors.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import type { ProviderState } from "@/lib/shared/wire.ts";
import { startFakeUpstream } from "@/tests/support/fake_upstream.ts";
import { waitFor } from "@/tests/support/wait.ts";

const LIMIT_MS = 20_000;

async function start() {
  const upstream = await startFakeUpstream({
    models: ["m1", "held", "broken", "bad-request"],
    behaviour: { text: "x" },
    behaviours: { held: { held: true, text: "one two" } },
  });
  const settings: ProviderSettings = {
    id: "a",
    baseUrl: upstream.url,
    apiKey: null,
    models: "discover",
    maxConnections: 4,
  };
  const registry = new ModelRegistry({
    providers: [settings],
    defaultProvider: null,
    retries: 0,
    breaker: { failures: 1, windowMs: 60_000, openMs: 60_000 },
  });
  const hold = (
    more: Partial<ProviderSettings> = {},
    state: ProviderState = "active",
  ) => registry.hold([{ settings: { ...settings, ...more }, state }], []);
  const ask = async (model: string): Promise<string> => {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const { provider } = await registry.find(`a/${model}`, signal);
    const request = { model, messages: [] };
    const texts: string[] = [];
    for await (const delta of provider.stream(request, signal)) {
      if (delta.type === "text") texts.push(delta.text);
    }
    return texts.join("");
  };
  return {
    upstream,
    registry,
    hold,
    ask,
    async [Symbol.asyncDispose]() {
      upstream.release();
      registry.close();
      await upstream.close();
    },
  };
}

Deno.test("ModelRegistry.hold: a provider with the same settings keeps its connections and what is known of it", async () => {
  await using rig = await start();
  const { registry, hold, ask, upstream } = rig;
  await ask("m1");
  await assert.rejects(ask("broken"));
  const before = registry.connectionsOf("a");
  const connections = upstream.openConnections();
  hold({}, "draining");
  hold({}, "active");
  assert.deepEqual(registry.connectionsOf("a"), before);
  const [broken] = registry.routing.states()
    .filter(({ model }) => model === "broken");
  assert.equal(broken.breaker, "open");
  await ask("m1");
  assert.equal(upstream.openConnections(), connections);
});

Deno.test("ModelRegistry.hold: another provider in its place knows nothing of the failures of the old one", async () => {
  await using rig = await start();
  const { registry, hold, ask } = rig;
  await assert.rejects(ask("broken"));
  hold({ maxConnections: 5 });
  assert.deepEqual(registry.routing.states(), []);
});

Deno.test("ModelRegistry.hold: the answers of a provider that is gone end, and each connection closes with its answer", async () => {
  await using rig = await start();
  const { registry, hold, ask, upstream } = rig;
  await ask("m1");
  const running = ask("held");
  await upstream.waitForChat(1);
  hold({ apiKey: "another" });
  registry.hold([], []);
  assert.equal(registry.has("a"), false);
  assert.ok(registry.openSockets > 0, "its sockets are still counted");
  upstream.release();
  assert.equal(await running, "one two");
  await waitFor("closed sockets", () => registry.openSockets === 0);
});

Deno.test("ModelRegistry.find: says of a model at a provider that is switched off that it is so", async () => {
  await using rig = await start();
  const { registry, hold } = rig;
  const signal = AbortSignal.timeout(LIMIT_MS);
  hold({}, "disabled");
  await assert.rejects(
    registry.find("a/m1", signal),
    (error) =>
      error instanceof AppError && error.code === "model_not_found" &&
      /provider "a" is switched off/.test(error.message),
  );
  await assert.rejects(
    registry.find("b/m1", signal),
    (error) => error instanceof AppError && /no model "b/.test(error.message),
  );
  assert.deepEqual(await registry.list(signal), []);
  await assert.rejects(
    registry.defaultModel(signal),
    (error) => error instanceof AppError && error.code === "no_model",
  );
});

Deno.test("Routing.states: tells how many tries ended of late, and how many failed for a reason of the provider's", async () => {
  await using rig = await start();
  const { registry, ask } = rig;
  await ask("m1");
  await assert.rejects(ask("broken"));
  // The request is at fault, not the provider.
  await assert.rejects(ask("bad-request"));
  const recent = Object.fromEntries(
    registry.routing.states().map(({ model, recent }) => [model, recent]),
  );
  assert.deepEqual(recent, {
    m1: { ended: 1, failed: 0 },
    broken: { ended: 1, failed: 1 },
    "bad-request": { ended: 1, failed: 0 },
  });
});
