import { SCHEMA_VERSION } from "./schema.ts";
import assert from "node:assert/strict";
import { StorageError } from "@/lib/errors.ts";
import { startIncarnation } from "./incarnation.ts";
import { generationKey, schemaKey } from "./keys.ts";
import { openStore } from "./open.ts";
import { get } from "./reads.ts";
import { FaultKv } from "./testing/fault_kv.ts";
import { ManualClock } from "./testing/manual_clock.ts";

async function inFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const code = (wanted: string) => (error: unknown) =>
  error instanceof StorageError && error.code === wanted;

Deno.test("openStore: a file is made with its folder, and is the same store when opened again", async () => {
  await inFolder(async (folder) => {
    const location = `${folder}/some/where/freshet.db`;
    const first = await openStore({ location });
    const { generation, kind, path } = first;
    first.close();
    const second = await openStore({ location });
    second.close();
    assert.equal(kind, "file");
    assert.equal(path, location);
    assert.notEqual(generation, "");
    assert.equal(second.generation, generation);
  });
});

Deno.test("openStore: two processes that make a store at the same time agree on its generation", async () => {
  await inFolder(async (folder) => {
    const location = `${folder}/freshet.db`;
    const stores = await Promise.all([
      openStore({ location }),
      openStore({ location }),
    ]);
    for (const store of stores) store.close();
    assert.equal(stores[0].generation, stores[1].generation);
  });
});

Deno.test("openStore: each memory store is one of its own", async () => {
  const [one, other] = [
    await openStore({ location: ":memory:" }),
    await openStore({ location: ":memory:" }),
  ];
  one.close();
  other.close();
  assert.equal(one.kind, "memory");
  assert.notEqual(one.generation, other.generation);
});

Deno.test("openStore: a new store gets generation and schema in one commit", async () => {
  const store = await openStore({ location: ":memory:" });
  const generation = await get(store, generationKey());
  const schema = await get(store, schemaKey());
  store.close();
  assert.equal(generation.versionstamp, schema.versionstamp);
  assert.partialDeepStrictEqual(schema.value, {
    v: 1,
    version: SCHEMA_VERSION,
  });
});

Deno.test("openStore: a local store of a newer version ends the start with one line", async () => {
  await inFolder(async (folder) => {
    const location = `${folder}/freshet.db`;
    const newer = { version: 3, migrations: [] };
    (await openStore({ location, schema: newer })).close();
    await assert.rejects(openStore({ location }), {
      name: "StorageError",
      code: "storage_newer",
      message:
        'The store has schema "3" and this version knows "2"; start the newer version that wrote it',
    });
  });
});

Deno.test("openStore: a shared store of a newer version is read and not written", async () => {
  await inFolder(async (folder) => {
    Deno.env.set("DENO_KV_DEFAULT_PATH", `${folder}/shared.db`);
    try {
      const schema = { version: SCHEMA_VERSION + 1, migrations: [] };
      const newer = await openStore({ location: null, schema });
      const older = await openStore({ location: null });
      assert.equal(newer.kind, "platform");
      assert.equal(newer.readOnly, false);
      assert.equal(older.readOnly, true);
      assert.equal(older.generation, newer.generation);
      await assert.rejects(startIncarnation(older), code("storage_read_only"));
      newer.close();
      older.close();
    } finally {
      Deno.env.delete("DENO_KV_DEFAULT_PATH");
    }
  });
});

Deno.test("openStore: a shared store that is too old to be read ends the start", async () => {
  await inFolder(async (folder) => {
    Deno.env.set("DENO_KV_DEFAULT_PATH", `${folder}/shared.db`);
    try {
      (await openStore({ location: null })).close();
      const schema = { version: SCHEMA_VERSION + 2, migrations: [] };
      await assert.rejects(
        openStore({ location: null, schema }),
        code("storage_too_old"),
      );
    } finally {
      Deno.env.delete("DENO_KV_DEFAULT_PATH");
    }
  });
});

Deno.test("openStore: a store that holds half of its description is refused", async () => {
  await inFolder(async (folder) => {
    const location = `${folder}/foreign.db`;
    const kv = await Deno.openKv(location);
    await kv.set(schemaKey(), { v: 1, version: SCHEMA_VERSION });
    kv.close();
    await assert.rejects(openStore({ location }), code("storage_foreign"));
  });
});

Deno.test("openStore: a place that is no store is told with its reason", async () => {
  await inFolder(async (folder) => {
    await assert.rejects(
      openStore({ location: folder }),
      (error) =>
        error instanceof StorageError &&
        error.message.startsWith(`The store "${folder}" cannot be opened: `),
    );
  });
});

Deno.test("openStore: a store that does not answer is told after its deadline", async () => {
  const clock = new ManualClock();
  const wrapped = Promise.withResolvers<FaultKv>();
  const opening = openStore({
    location: ":memory:",
    clock,
    wrap(kv) {
      const faults = new FaultKv(kv);
      faults.scriptReads("hang");
      wrapped.resolve(faults);
      return faults;
    },
  });
  const faults = await wrapped.promise;
  await assert.rejects(
    faults.drive(clock, opening),
    code("storage_unavailable"),
  );
});

Deno.test("openStore: a remote server that is not well is told with its address and its answer", async () => {
  Deno.env.set("DENO_KV_ACCESS_TOKEN", "token");
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    () => new Response("busy", { status: 503 }),
  );
  const location = `http://127.0.0.1:${server.addr.port}`;
  try {
    await assert.rejects(
      openStore({ location }),
      (error) =>
        code("storage_unavailable")(error) && error instanceof Error &&
        error.message.startsWith(`The store "${location}" cannot be opened`) &&
        error.message.includes("503"),
    );
  } finally {
    Deno.env.delete("DENO_KV_ACCESS_TOKEN");
    await server.shutdown();
  }
});

Deno.test("openStore: a signal that has aborted opens nothing", async () => {
  const signal = AbortSignal.abort(new Error("Gone"));
  await assert.rejects(openStore({ location: ":memory:", signal }), /Gone/);
});
