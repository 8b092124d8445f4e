import assert from "node:assert/strict";
import type { ProviderSettings } from "@/lib/config.ts";
import { AppError } from "@/lib/errors.ts";
import { catalogKey, providerKey } from "@/lib/kv/keys.ts";
import { SettingsBell } from "@/lib/kv/settings_bell.ts";
import type { Store } from "@/lib/kv/store.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import { Secrets } from "@/lib/secrets/secrets.ts";
import { buildCatalog } from "./build_catalog.ts";
import type { CatalogRecord } from "./catalog_record.ts";

const CALLER = { user: "usr_1", key: null, address: "" };

const KEY = "sk-0123456789abcdefghij";

const PROVIDER = {
  id: "added",
  baseUrl: "http://127.0.0.1:9/v1",
  apiKey: KEY,
  models: ["m1"],
  maxConnections: 3,
};

const ROUTE = {
  id: "best",
  strategy: "priority" as const,
  targets: [{ provider: "added", model: "m1", weight: 1 }],
  retries: 2,
  timeoutsMs: { connect: 1, firstToken: 1, tokenGap: 1, total: 1 },
};

/** A process on a store. */
function begin(
  store: Store,
  { providers = [], secret = "a secret" }: {
    providers?: ProviderSettings[];
    secret?: string | null;
  } = {},
) {
  const models = new ModelRegistry({ providers, defaultProvider: null });
  const services = buildCatalog({
    store,
    models,
    config: { providers, routes: [], outgoing: { allow: [] } },
    secrets: new Secrets(() => Promise.resolve(secret)),
    log: { warn: () => {} },
  });
  return { models, ...services };
}

const names = async ({ models }: { models: ModelRegistry }) =>
  (await models.list(AbortSignal.timeout(5_000))).map(({ id }) => id);

Deno.test("Catalog: what one process adds is asked in another when the bell has rung", async () => {
  using test = await openTestStore();
  const one = begin(test.store);
  const other = begin(test.store);
  await other.catalog.refresh();
  const bell = new SettingsBell(test.store);
  bell.listen(() => other.catalog.refresh());
  await bell.look();
  await one.providers.create(CALLER, PROVIDER);
  await one.routes.create(CALLER, ROUTE);
  assert.deepEqual(await names(one), ["best", "added/m1"]);
  assert.deepEqual(await names(other), ["freshet/demo"]);
  await bell.look();
  assert.deepEqual(await names(other), ["best", "added/m1"]);
});

Deno.test("Catalog: what was added is there after a restart, with its key", async () => {
  using test = await openTestStore();
  await begin(test.store).providers.create(CALLER, PROVIDER);
  const again = begin(test.store);
  await again.catalog.refresh();
  const [added] = again.catalog.record.providers;
  assert.deepEqual(again.catalog.keyOf(added), { state: "kept", text: KEY });
});

Deno.test("Catalog: a provider whose key was sealed with another secret is not asked, until the key is given anew", async () => {
  using test = await openTestStore();
  await begin(test.store).providers.create(CALLER, PROVIDER);
  const other = begin(test.store, { secret: "another secret" });
  const [{ key, state }] = await other.providers.list();
  assert.deepEqual([key, state], ["unreadable", "active"]);
  assert.deepEqual(await names(other), []);
  const tried = await other.tryKnown("added", AbortSignal.timeout(5_000));
  assert.match(tried.message, /FRESHET_SECRET/);
  await other.providers.update(CALLER, "added", { apiKey: KEY }, () => {});
  assert.deepEqual(await names(other), ["added/m1"]);
});

Deno.test("Catalog: without a secret a provider with a key is refused, and one without is added", async () => {
  using test = await openTestStore();
  const { providers } = begin(test.store, { secret: null });
  await assert.rejects(
    providers.create(CALLER, PROVIDER),
    (error) => error instanceof AppError && error.code === "secret_missing",
  );
  await providers.create(CALLER, { ...PROVIDER, apiKey: null });
});

Deno.test("Catalog: a provider of the settings stands before an added one of the same name, which comes back without it", async () => {
  using test = await openTestStore();
  await begin(test.store).providers.create(CALLER, PROVIDER);
  const configured = {
    ...PROVIDER,
    apiKey: null,
    models: ["configured"],
  };
  const other = begin(test.store, { providers: [configured] });
  await other.catalog.refresh();
  assert.deepEqual(await names(other), ["added/configured"]);
  const [{ source }] = await other.providers.list();
  assert.equal(source, "settings");
  const without = begin(test.store);
  await without.catalog.refresh();
  assert.deepEqual(await names(without), ["added/m1"]);
});

Deno.test("Catalog: rows of earlier versions are providers, and move into the catalog with the next change", async () => {
  using test = await openTestStore();
  const { kv } = test.store;
  const row = { v: 1, id: "ollama", baseUrl: "http://127.0.0.1:11434/v1" };
  const key = providerKey("ollama");
  await kv.atomic().check({ key, versionstamp: null }).set(key, row).commit();
  const { providers } = begin(test.store);
  const [{ id, createdAtMs }] = await providers.list();
  assert.deepEqual([id, createdAtMs], ["ollama", 0]);
  await providers.update(CALLER, "ollama", { maxConnections: 9 }, () => {});
  assert.equal((await kv.get(key)).value, null);
  const { value } = await kv.get<CatalogRecord>(catalogKey());
  assert.deepEqual(
    value?.providers.map(({ id, maxConnections }) => [id, maxConnections]),
    [["ollama", 9]],
  );
  await providers.remove(CALLER, "ollama", () => {}, false);
  assert.deepEqual(await providers.list(), []);
});

Deno.test("Catalog: changes of two processes at the same time are both there", async () => {
  using test = await openTestStore();
  const one = begin(test.store);
  const other = begin(test.store);
  await Promise.all(
    ["a", "b", "c", "d"].map((id, index) =>
      (index % 2 === 0 ? one : other).providers
        .create(CALLER, { ...PROVIDER, id })
    ),
  );
  const ids = (await one.providers.list()).map(({ id }) => id);
  assert.deepEqual(ids.sort(), ["a", "b", "c", "d"]);
});

Deno.test("Catalog: more than a record holds is refused, and changes nothing", async () => {
  using test = await openTestStore();
  const { providers } = begin(test.store);
  const models = Array.from(
    { length: 400 },
    (_, index) => `model-${index}-${"x".repeat(180)}`,
  );
  await assert.rejects(
    providers.create(CALLER, { ...PROVIDER, models }),
    (error) => error instanceof AppError && error.status === 413,
  );
  assert.deepEqual(await providers.list(), []);
});
