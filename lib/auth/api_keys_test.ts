import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { list } from "@/lib/kv/reads.ts";
import { newId } from "@/lib/shared/ids.ts";
import { apiKeyPatchSchema, newApiKeySchema } from "./api_key_input.ts";
import { ensureSettingKey } from "./api_key_setting.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { isApiKeyToken, newApiKeyToken } from "./api_key_token.ts";
import { FIRST_USER } from "@/lib/shared/spaces.ts";
import { asked, openKeyRig, someone } from "./testing/key_rig.ts";

const ANY_VERSION = () => {};

function codeOf(error: unknown): string {
  assert.ok(error instanceof AppError, String(error));
  return error.code;
}

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return codeOf(error);
  }
  return "not refused";
}

Deno.test("newApiKeyToken: 256 bits in 43 characters of base62, never the same", () => {
  const tokens = Array.from({ length: 1_000 }, newApiKeyToken);
  for (const token of tokens) assert.match(token, /^frk_[0-9A-Za-z]{43}$/);
  assert.equal(new Set(tokens).size, tokens.length);
  assert.ok(!isApiKeyToken("sk-whatever"));
  assert.ok(!isApiKeyToken(`frk_${"a".repeat(1_000)}`));
});

Deno.test("ApiKeys.create: shows the key once and stores only its hash", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  const { key, token } = await keys.create(someone(), asked());
  assert.equal(key.lastCharacters, token.slice(-3));
  assert.deepEqual(key.scopes, ["v1"]);
  const rows = await Array.fromAsync(list(rig.test.store, { prefix: [] }));
  assert.ok(rows.length >= 4);
  const secret = token.slice(4, -3);
  assert.ok(
    !Deno.inspect(rows, { depth: 20, strAbbreviateSize: 10_000 })
      .includes(secret),
  );
  assert.ok(
    !JSON.stringify(await keys.require(someone(), key.id))
      .includes(secret),
  );
  assert.ok(!JSON.stringify(key).includes("hash"));
});

Deno.test("ApiKeys.find: knows a key by one read, and a second long by none", async () => {
  using rig = await openKeyRig();
  const { keys, store } = rig.process();
  const { key, token } = await rig.test.drive(
    keys.create(someone(), asked({ models: ["m1"] })),
  );
  let reads = 0;
  const findByHash = store.findByHash.bind(store);
  store.findByHash = (hash) => {
    reads += 1;
    return findByHash(hash);
  };
  const found = await rig.test.drive(
    Promise.all([keys.find(token), keys.find(token)]),
  );
  assert.equal(reads, 1);
  assert.equal(found[0]?.key.id, key.id);
  assert.equal(found[0]?.user, FIRST_USER);
  assert.deepEqual(found[0]?.key.models, ["m1"]);
  rig.test.clock.advance(999);
  await keys.find(token);
  assert.equal(reads, 1);
  rig.test.clock.advance(2);
  await rig.test.drive(keys.find(token));
  assert.equal(reads, 2);
});

Deno.test("ApiKeys.find: nothing but the whole key is known", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  const { token } = await keys.create(someone(), asked());
  for (
    const wrong of [
      "",
      "frk_",
      token.slice(0, -1),
      `${token}x`,
      token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(),
      token.replace("frk_", "FRK_"),
      newApiKeyToken(),
      `frk_${"a".repeat(10_000)}`,
    ]
  ) assert.equal(await keys.find(wrong), null, wrong.slice(0, 60));
  assert.ok(await keys.find(token));
});

Deno.test("ApiKeys.find: a key that was unknown is known as soon as it is made", async () => {
  using rig = await openKeyRig();
  const { keys, store } = rig.process();
  const token = `frk_${"s".repeat(40)}`;
  assert.equal(await keys.find(token), null);
  const { clock } = rig.test;
  await ensureSettingKey(store, token, { clock, log: silentLogger() });
  clock.advance(1_001);
  assert.ok(await rig.test.drive(keys.find(token)));
});

Deno.test("ApiKeys.find: a key ends when it was to end, also while it is remembered", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  const expiresAt = new Date(rig.test.clock.now() + 1_500).toISOString();
  const { token } = await keys.create(
    someone(),
    { ...asked(), expiresAt },
  );
  rig.test.clock.advance(1_000);
  assert.ok(await keys.find(token));
  rig.test.clock.advance(500);
  assert.equal(await keys.find(token), null);
});

Deno.test("ApiKeys.revoke: ends the key at once here and within a second elsewhere", async () => {
  using rig = await openKeyRig();
  const [here, there] = [rig.process(), rig.process()];
  const { key, token } = await here.keys.create(someone(), asked());
  assert.ok(await here.keys.find(token));
  assert.ok(await there.keys.find(token));
  await here.keys.revoke(someone(), key.id, ANY_VERSION);
  assert.equal(await here.keys.find(token), null);
  assert.deepEqual(here.changes.map(({ key }) => key), [key.id]);
  rig.test.clock.advance(1_000);
  assert.equal(await there.keys.find(token), null);
  assert.equal(
    await refused(here.keys.require(someone(), key.id)),
    "not_found",
  );
  assert.deepEqual(
    (await here.keys.list(someone(), { limit: 10, cursor: null })).items,
    [],
  );
});

Deno.test("ApiKeys.revoke: what was being read of the key before is not remembered", async () => {
  using rig = await openKeyRig();
  const { keys, store } = rig.process();
  const { key, token } = await keys.create(someone(), asked());
  const findByHash = store.findByHash.bind(store);
  const late = Promise.withResolvers<void>();
  store.findByHash = async (hash) => {
    const record = await findByHash(hash);
    await late.promise;
    return record;
  };
  const before = keys.find(token);
  await keys.revoke(someone(), key.id, ANY_VERSION);
  store.findByHash = findByHash;
  late.resolve();
  await before;
  assert.equal(await keys.find(token), null);
  assert.equal(keys.policiesOf(key.id), null);
});

Deno.test("ApiKeys.revoke: a lost answer of the store is no double and no lost revocation", async () => {
  for (const fault of ["loseAck", "deny", "twice", "drop"] as const) {
    using rig = await openKeyRig();
    const { keys } = rig.process();
    const { key, token } = await keys.create(someone(), asked());
    rig.test.faults.script(fault);
    await rig.test.drive(keys.revoke(someone(), key.id, ANY_VERSION));
    assert.equal(await rig.test.drive(keys.find(token)), null, fault);
  }
});

Deno.test("ApiKeys.update: of two changes made from one version, one is refused", async () => {
  using rig = await openKeyRig();
  const [one, two] = [rig.process(), rig.process()];
  const { key } = await one.keys.create(someone(), asked());
  const accept = (version: number) => {
    if (version === 1) return;
    throw new AppError({ status: 412, code: "stale", message: "stale" });
  };
  const outcomes = await rig.test.drive(Promise.all([
    refused(one.keys.update(someone(), key.id, { name: "a" }, accept)),
    refused(two.keys.update(someone(), key.id, { name: "b" }, accept)),
    refused(two.keys.revoke(someone(), key.id, accept)),
  ]));
  assert.equal(
    outcomes.filter((outcome) => outcome === "not refused").length,
    1,
    outcomes.join(),
  );
});

Deno.test("ApiKeys.update: counts at once for requests of this process", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  const { key, token } = await keys.create(someone(), asked());
  assert.equal((await keys.find(token))?.key.isReadOnly, false);
  const limits = {
    requestsPerMinute: 7,
    tokensPerMinute: null,
    concurrentRuns: null,
  };
  const changed = await keys.update(
    someone(),
    key.id,
    { readOnly: true, models: ["m"], limits },
    ANY_VERSION,
  );
  assert.equal(changed.version, 2);
  const found = await keys.find(token);
  assert.equal(found?.key.isReadOnly, true);
  assert.deepEqual(found?.key.models, ["m"]);
  assert.deepEqual(found?.key.limits, limits);
  assert.deepEqual(keys.policiesOf(key.id)?.limits, limits);
});

Deno.test("ApiKeys: what takes an admin only admins give", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  for (const scopes of [["metrics"], ["v1", "admin"]]) {
    const input = asked({ scopes });
    for (const role of ["viewer", "member"] as const) {
      assert.equal(
        await refused(keys.create(someone({ role }), input)),
        "key_needs_admin",
      );
    }
    await keys.create(someone({ role: "admin" }), input);
  }
  const { key } = await keys.create(someone(), asked());
  assert.equal(
    await refused(
      keys.update(someone(), key.id, { scopes: ["admin"] }, ANY_VERSION),
    ),
    "key_needs_admin",
  );
});

Deno.test("ApiKeys: a key gives no other one more than it has", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  const admin = someone({ role: "admin" });
  const by = async (input: Record<string, unknown>) => {
    const { token, key } = await keys.create(admin, asked(input));
    const found = await keys.find(token);
    return { id: key.id, caller: { ...admin, session: null, key: found!.key } };
  };
  const all = ["v1", "api", "metrics", "admin"];
  const { caller: api } = await by({ scopes: ["v1", "api"] });
  assert.equal(
    await refused(keys.create(api, asked())),
    "keys_not_manageable",
  );
  assert.equal(
    await refused(
      keys.create(
        { ...(await by({ scopes: all })).caller, role: "member" },
        asked(),
      ),
    ),
    "keys_not_manageable",
  );
  const { caller: reader } = await by({ scopes: all, readOnly: true });
  assert.equal(
    await refused(keys.create(reader, asked())),
    "keys_not_manageable",
  );
  const soon = new Date(Date.now() + 3_600_000).toISOString();
  const late = new Date(Date.now() + 7_200_000).toISOString();
  const within = async (
    outer: Record<string, unknown>,
    inner: Record<string, unknown>,
  ) => {
    const { caller } = await by({ scopes: ["admin", "v1"], ...outer });
    return await refused(keys.create(caller, asked(inner)));
  };
  assert.equal(await within({}, {}), "not refused");
  assert.equal(await within({}, { scopes: ["api"] }), "key_exceeds_caller");
  assert.equal(await within({ models: ["a"] }, {}), "key_exceeds_caller");
  assert.equal(
    await within({ models: ["a"] }, { models: ["a"] }),
    "not refused",
  );
  assert.equal(
    await within({ endpoints: ["models"] }, { endpoints: ["responses"] }),
    "key_exceeds_caller",
  );
  assert.equal(
    await within({ expiresAt: soon }, { expiresAt: late }),
    "key_exceeds_caller",
  );
  assert.equal(await within({ expiresAt: soon }, {}), "key_exceeds_caller");
  assert.equal(
    await within({ limits: { requestsPerMinute: 1 } }, {}),
    "key_exceeds_caller",
  );
  assert.equal(
    await within({ budget: { period: "day", usd: "1" } }, {}),
    "key_exceeds_caller",
  );
  const own = await by({ scopes: ["admin"], expiresAt: soon });
  assert.equal(
    await refused(
      keys.update(own.caller, own.id, { expiresAt: null }, ANY_VERSION),
    ),
    "key_exceeds_caller",
  );
});

Deno.test("ApiKeys: other people's keys are for admins to see and revoke, and of one workspace", async () => {
  using rig = await openKeyRig();
  const { keys } = rig.process();
  const owner = someone();
  const other = someone({ user: newId("usr") });
  const admin = someone({ user: newId("usr"), role: "admin" });
  const foreign = someone({ workspace: newId("wsp"), role: "owner" });
  const { key } = await keys.create(owner, asked());
  for (const caller of [other, foreign]) {
    assert.equal(await refused(keys.require(caller, key.id)), "not_found");
    assert.equal(
      await refused(keys.revoke(caller, key.id, ANY_VERSION)),
      "not_found",
    );
    assert.equal(
      await refused(keys.update(caller, key.id, { name: "x" }, ANY_VERSION)),
      "not_found",
    );
  }
  const page = { limit: 10, cursor: null };
  assert.equal(await refused(keys.list(other, page, "all")), "forbidden");
  assert.equal(await refused(keys.list(other, page, owner.user)), "forbidden");
  assert.deepEqual((await keys.list(other, page)).items, []);
  assert.deepEqual((await keys.list(foreign, page, "all")).items, []);
  assert.equal((await keys.list(admin, page, "all")).items.length, 1);
  assert.equal((await keys.list(admin, page, owner.user)).items.length, 1);
  assert.equal(
    await refused(keys.update(admin, key.id, { name: "x" }, ANY_VERSION)),
    "forbidden",
  );
  const apiKey = await keys.create(admin, asked({ scopes: ["api"] }));
  const byKey = (await keys.find(apiKey.token))!.key;
  assert.equal(
    await refused(keys.list({ ...admin, key: byKey }, page, "all")),
    "forbidden",
  );
  await keys.revoke(admin, key.id, ANY_VERSION);
  assert.equal(await refused(keys.require(owner, key.id)), "not_found");
});

Deno.test("ApiKeys.list: 5,000 keys, each once, newest first", async () => {
  using rig = await openKeyRig();
  const { keys, store } = rig.process();
  const caller = someone();
  const { key } = await keys.create(caller, asked());
  const { record } = (await store.load(caller.workspace, key.id))!;
  const ids = [key.id];
  const event = { type: "test.made", at: 0, subject: "", data: {} };
  for (let made = 1; made < 5_000; made += 1) {
    const id = newId("key");
    ids.push(id);
    await store.create({ ...record, id, hash: `hash-${made}` }, event);
  }
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await keys.list(caller, { limit: 200, cursor });
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.nextCursor;
  } while (cursor !== null);
  assert.deepEqual(seen, ids.toReversed());
});

Deno.test("ApiKeys: a use is written down, at most once a minute", async () => {
  using rig = await openKeyRig();
  const { keys, store } = rig.process();
  const caller = someone();
  const { key, token } = await keys.create(caller, asked());
  assert.equal(key.lastUsedAt, null);
  const writes: Promise<void>[] = [];
  const writeUse = store.writeUse.bind(store);
  store.writeUse = (...use) => {
    const write = writeUse(...use);
    writes.push(write);
    return write;
  };
  const usedAt = async () => {
    await rig.test.drive(keys.find(token));
    await rig.test.drive(Promise.all(writes));
    return (await keys.require(caller, key.id)).lastUsedAt;
  };
  const first = await usedAt();
  assert.equal(first, new Date(rig.test.clock.now()).toISOString());
  rig.test.clock.advance(59_000);
  assert.equal(await usedAt(), first);
  assert.equal(writes.length, 1);
  rig.test.clock.advance(1_000);
  assert.notEqual(await usedAt(), first);
});

Deno.test("ensureSettingKey: made once by many processes, ends with the setting, stays revoked", async () => {
  using rig = await openKeyRig();
  const processes = [rig.process(), rig.process(), rig.process()];
  const [{ keys }] = processes;
  const owner = someone({ role: "owner" });
  const { clock } = rig.test;
  const ensure = (token: string) =>
    rig.test.drive(Promise.all(
      processes.map(({ store }) =>
        ensureSettingKey(store, token, { clock, log: silentLogger() })
      ),
    ));
  const all = async () =>
    (await keys.list(owner, { limit: 10, cursor: null }, "all")).items;
  const [first, second] = ["a", "b"].map((letter) =>
    `frk_${letter.repeat(32)}`
  );
  await ensure(first);
  await ensure(first);
  const [made] = await all();
  assert.equal((await all()).length, 1);
  assert.equal(made.fromSetting, true);
  assert.deepEqual(made.scopes, ["v1", "api", "metrics", "admin"]);
  assert.equal((await keys.find(first))?.user, FIRST_USER);
  await ensure(second);
  assert.equal((await all()).length, 1);
  clock.advance(1_000);
  assert.equal(await rig.test.drive(keys.find(first)), null);
  assert.ok(await rig.test.drive(keys.find(second)));
  await keys.revoke(owner, (await all())[0].id, ANY_VERSION);
  await ensure(second);
  assert.deepEqual(await all(), []);
  assert.equal(await keys.find(second), null);
});

Deno.test("newApiKeySchema: says what is wrong with a key", () => {
  const past = "2020-01-01T00:00:00Z";
  const bad: [Record<string, unknown>, string][] = [
    [{}, "name"],
    [{ name: "  " }, "name"],
    [{ name: "x".repeat(101) }, "name"],
    [{ name: "x", scopes: [] }, "scopes"],
    [{ name: "x", scopes: ["root"] }, "scopes.0"],
    [{ name: "x", scopes: "v1" }, "scopes"],
    [{ name: "x", models: [] }, "models"],
    [{ name: "x", models: [""] }, "models.0"],
    [{ name: "x", models: Array(101).fill("m") }, "models"],
    [{ name: "x", endpoints: ["everything"] }, "endpoints.0"],
    [{ name: "x", expiresAt: "tomorrow" }, "expiresAt"],
    [{ name: "x", expiresAt: past }, "expiresAt"],
    [{ name: "x", readOnly: "yes" }, "readOnly"],
    [
      { name: "x", limits: { requestsPerMinute: 0 } },
      "limits.requestsPerMinute",
    ],
    [{ name: "x", limits: { perMinute: 1 } }, "limits"],
    [{ name: "x", budget: { period: "year", usd: "1" } }, "budget.period"],
    [{ name: "x", budget: { period: "day" } }, "budget"],
    [{ name: "x", budget: { period: "day", usd: "-1" } }, "budget.usd"],
    [{ name: "x", user: "usr_1" }, ""],
    [{ name: "x", id: "key_1" }, ""],
  ];
  for (const [input, path] of bad) {
    const { success, error } = newApiKeySchema.safeParse(input);
    assert.ok(!success, JSON.stringify(input));
    assert.equal(error.issues[0].path.join("."), path, JSON.stringify(input));
  }
  assert.deepEqual(apiKeyPatchSchema.parse({}), {});
  assert.deepEqual(
    newApiKeySchema.parse({ name: " a ", scopes: ["v1", "v1"], limits: {} }),
    {
      name: "a",
      scopes: ["v1"],
      models: null,
      endpoints: null,
      readOnly: false,
      expiresAt: null,
      limits: null,
      budget: null,
    },
  );
});
