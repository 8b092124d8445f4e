import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import type { Role } from "@/lib/auth/roles.ts";
import { openTestStore } from "@/lib/kv/testing/test_store.ts";
import type { Store } from "@/lib/kv/store.ts";
import { ModelRegistry } from "@/lib/llm/models.ts";
import { ModelAccess, type ModelAsker } from "./model_access.ts";
import { ModelAccessStore } from "./model_access_store.ts";
import { type ModelRule, OPEN, otherRule } from "./model_rules.ts";

const WORKSPACE = "wsp_0000000000000000000000";

const CALLER = {
  workspace: WORKSPACE,
  user: "usr_1",
  key: null,
  address: "",
};

function begin(store: Store, roleOf: Role | null = null) {
  const models = new ModelRegistry({
    providers: [{
      id: "a",
      baseUrl: "http://127.0.0.1:9/v1",
      apiKey: null,
      models: ["m1", "m2"],
      maxConnections: 1,
    }],
    defaultProvider: "a",
  });
  return new ModelAccess({
    store: new ModelAccessStore(store),
    models,
    roleOf: () => Promise.resolve(roleOf),
  });
}

const asker = (more: Partial<ModelAsker> = {}): ModelAsker => ({
  workspace: WORKSPACE,
  user: "usr_1",
  role: "member",
  groups: [],
  ...more,
});

async function mayAsk(access: ModelAccess, who: ModelAsker, id = "a/m1") {
  try {
    await access.require(who, id, id);
    return true;
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "model_not_allowed");
    return false;
  }
}

async function set(access: ModelAccess, rule: Partial<ModelRule>) {
  await access.change(CALLER, () => ({
    defaultModel: null,
    models: [{ ...otherRule("a/m1", OPEN), ...rule }],
    others: OPEN,
  }));
}

Deno.test("ModelAccess.require: by role, by group, and by the role that is looked up where none is known", async () => {
  using test = await openTestStore();
  const access = begin(test.store, "admin");
  await set(access, { leastRole: "admin", groups: ["grp_1"] });
  assert.deepEqual(
    await Promise.all([
      mayAsk(access, asker()),
      mayAsk(access, asker({ role: "owner" })),
      mayAsk(access, asker({ groups: ["grp_2", "grp_1"] })),
      mayAsk(access, asker({ role: undefined })),
      mayAsk(access, asker({ role: undefined, user: null })),
      mayAsk(access, asker(), "a/m2"),
    ]),
    [false, true, true, true, false, true],
  );
  await set(access, { leastRole: null });
  assert.equal(await mayAsk(access, asker({ role: "owner" })), false);
});

Deno.test("ModelAccess.require: asks the store once, and again when something was set", async () => {
  using test = await openTestStore();
  const one = begin(test.store);
  let reads = 0;
  const { kv } = test.calm;
  const counted: Store = {
    ...test.calm,
    kv: new Proxy(kv, {
      get(target, name) {
        if (name === "get") reads += 1;
        const value = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }),
  };
  const other = begin(counted);
  for (let n = 0; n < 100; n += 1) await mayAsk(other, asker());
  assert.equal(reads, 1);
  await set(one, { leastRole: "owner" });
  assert.equal(await mayAsk(other, asker()), true);
  other.forget();
  assert.equal(await mayAsk(other, asker()), false);
  assert.equal(reads, 2);
});

Deno.test("ModelAccess: what was read before a change is not held after it", async () => {
  using test = await openTestStore();
  const access = begin(test.store);
  const early = access.read(WORKSPACE);
  await set(access, { leastRole: "owner" });
  await early;
  assert.equal(await mayAsk(access, asker()), false);
});

Deno.test("ModelAccess.change: a rule that says nothing is not kept", async () => {
  using test = await openTestStore();
  const access = begin(test.store);
  await set(access, { isListed: false });
  assert.equal((await access.read(WORKSPACE)).models.length, 1);
  await set(access, {});
  const { models, version } = await access.read(WORKSPACE);
  assert.deepEqual([models, version], [[], 2]);
});

Deno.test("ModelAccess.choices: leaves out what is not listed or not allowed, and a default that nobody serves", async () => {
  using test = await openTestStore();
  const access = begin(test.store);
  const choices = async (who: ModelAsker) => {
    const signal = AbortSignal.timeout(5_000);
    const { models, defaultModel } = await access.choices(who, signal);
    return [models.map(({ id }) => id), defaultModel];
  };
  assert.deepEqual(await choices(asker()), [["m1", "m2"], "m1"]);
  await access.change(CALLER, () => ({
    defaultModel: "a/gone",
    models: [{ ...otherRule("a/m1", OPEN), leastRole: "owner" }],
    others: OPEN,
  }));
  assert.deepEqual(await choices(asker()), [["m2"], "m2"]);
  assert.deepEqual(await choices(asker({ role: "owner" })), [
    ["m1", "m2"],
    "m1",
  ]);
});

Deno.test("ModelAccess: what holds for others holds for models that nobody has named, new ones among them", async () => {
  using test = await openTestStore();
  const access = begin(test.store);
  await access.change(CALLER, () => ({
    defaultModel: null,
    models: [otherRule("a/m1", OPEN)],
    others: { isListed: false, leastRole: null },
  }));
  assert.deepEqual(
    await Promise.all([
      mayAsk(access, asker()),
      mayAsk(access, asker(), "a/m2"),
      mayAsk(access, asker({ role: "owner" }), "a/new"),
    ]),
    [true, false, false],
  );
  const { models } = await access.choices(
    asker(),
    AbortSignal.timeout(5_000),
  );
  assert.deepEqual(models.map(({ id }) => id), ["m1"]);
});
