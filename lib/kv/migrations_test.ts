import assert from "node:assert/strict";
import { StorageError } from "@/lib/errors.ts";
import { migrationKey, schemaKey } from "./keys.ts";
import { migrate, type Migration, type Schema } from "./migrations.ts";
import { openStore } from "./open.ts";
import { get, list } from "./reads.ts";
import type { SchemaRecord } from "./schema.ts";
import type { Store } from "./store.ts";
import { openTestStore } from "./testing/test_store.ts";

interface Row {
  v: number;
  n: number;
  /** How often a migration has changed this row. */
  changes: number;
}

const PREFIX = ["row"];

/** Rows of schema `to - 1` become rows of schema `to`. */
function step(to: number, looked: (key: Deno.KvKey) => void = () => {}) {
  return {
    to,
    ranges: [{ prefix: PREFIX }],
    prepare: () =>
      Promise.resolve((row, unit) => {
        looked(row.key);
        const { v, n, changes } = row.value as Row;
        if (v >= to) return false;
        unit.set(row.key, { v: to, n, changes: changes + 1 });
        return true;
      }),
  } satisfies Migration;
}

const FROM_1: Schema = { version: 1, migrations: [] };
const TO_2: Schema = { version: 2, migrations: [step(2)] };

async function fill({ kv }: Store, count: number) {
  for (let from = 0; from < count; from += 100) {
    const operation = kv.atomic()
      .check({ key: ["fill", from], versionstamp: null });
    for (let n = from; n < Math.min(from + 100, count); n += 1) {
      operation.set([...PREFIX, n], { v: 1, n, changes: 0 });
    }
    await operation.commit();
  }
}

async function rowsOf(store: Store): Promise<Row[]> {
  const rows = list<Row>(store, { prefix: PREFIX });
  return (await Array.fromAsync(rows)).map(({ value }) => value);
}

const expected = (count: number, v: number, changes = v - 1): Row[] =>
  Array.from({ length: count }, (_, n) => ({ v, n, changes }));

const versionOf = async (store: Store) =>
  (await get<SchemaRecord>(store, schemaKey())).value?.version;

Deno.test("migrate: changes each row once, says so in the schema and lets go of its lease", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 450);
  await migrate(test.store, TO_2);
  assert.deepEqual(await rowsOf(test.store), expected(450, 2));
  assert.equal(await versionOf(test.store), 2);
  assert.equal((await get(test.store, migrationKey())).value, null);
});

Deno.test("migrate: goes through every step in order", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 20);
  const migrations = [step(3), step(2), step(4)];
  await migrate(test.store, { version: 4, migrations });
  assert.deepEqual(await rowsOf(test.store), expected(20, 4));
  assert.equal(await versionOf(test.store), 4);
});

Deno.test("migrate: a step that is not known ends it before anything is changed", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 5);
  await assert.rejects(
    migrate(test.store, { version: 3, migrations: [step(3)] }),
    (error) =>
      error instanceof StorageError && error.code === "storage_too_old",
  );
  assert.deepEqual(await rowsOf(test.store), expected(5, 1));
});

Deno.test("migrate: a store of this schema is left alone", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  const before = test.faults.commits;
  await migrate(test.store, { version: 1, migrations: [] });
  assert.equal(test.faults.commits, before);
});

Deno.test("migrate: goes on where a crashed migrator was, once its lease does not move any more", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 450);
  const crash = new AbortController();
  let looked = 0;
  const crashing = step(2, () => {
    looked += 1;
    if (looked === 300) crash.abort(new Error("Crash"));
  });
  await assert.rejects(
    migrate(test.store, { version: 2, migrations: [crashing] }, crash),
    /Crash/,
  );
  assert.equal(await versionOf(test.store), 1);
  const again: Deno.KvKey[] = [];
  const resuming = step(2, (key) => again.push(key));
  await test.drive(
    migrate(test.store, { version: 2, migrations: [resuming] }),
  );
  assert.ok(
    Number(again[0][1]) >= 280,
    `it began again at ${String(again[0][1])}`,
  );
  assert.deepEqual(await rowsOf(test.store), expected(450, 2));
  assert.equal(await versionOf(test.store), 2);
});

Deno.test("migrate: what a former migrator sent arrives late and changes nothing", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 30);
  // Lease, first rows, and then a commit that stays under way.
  test.faults.script(null, null, "hold");
  const former = migrate(test.store, TO_2);
  while (test.faults.held === 0) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await test.drive(migrate(test.calm, TO_2));
  await test.drive(former);
  const { kv } = test.store;
  const [key, edited] = [[...PREFIX, 12], { v: 2, n: 12, changes: 77 }];
  await kv.atomic().check({ key: ["edit"], versionstamp: null })
    .set(key, edited).commit();
  await test.faults.applyHeld();
  const rows = expected(30, 2);
  rows[12] = edited;
  assert.deepEqual(await rowsOf(test.store), rows);
  assert.equal((await get(test.store, migrationKey())).value, null);
});

Deno.test("migrate: a row that is edited meanwhile keeps the edit and is changed all the same", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 30);
  const { kv } = test.store;
  let editing: Promise<unknown> | null = null;
  const migration = step(2, (key) => {
    if (key[1] !== 14) return;
    editing ??= kv.atomic().check({ key: ["edit"], versionstamp: null })
      .set(key, { v: 1, n: 1_400, changes: 0 }).commit();
  });
  await migrate(test.store, { version: 2, migrations: [migration] });
  await editing;
  const rows = expected(30, 2);
  rows[14].n = 1_400;
  assert.deepEqual(await rowsOf(test.store), rows);
});

Deno.test("migrate: lost answers change nothing twice", async () => {
  using test = await openTestStore({ schemaVersion: 1 });
  await fill(test.store, 100);
  test.faults.script("twice", "loseAck", "deny", "mute", "drop", "hang");
  await test.drive(migrate(test.store, TO_2));
  assert.deepEqual(await rowsOf(test.store), expected(100, 2));
});

Deno.test("openStore: two processes migrate a file together, each row once, before they begin", async () => {
  const folder = await Deno.makeTempDir();
  const location = `${folder}/freshet.db`;
  try {
    const old = await openStore({ location, schema: FROM_1 });
    await fill(old, 450);
    old.close();
    const stores = await Promise.all([
      openStore({ location, schema: TO_2 }),
      openStore({ location, schema: TO_2 }),
    ]);
    const found = await Promise.all(stores.map(rowsOf));
    for (const store of stores) store.close();
    assert.deepEqual(found, [expected(450, 2), expected(450, 2)]);
    const locks = await Array.fromAsync(Deno.readDir(`${folder}/inc`));
    assert.deepEqual(locks, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openStore: a shared store is not migrated by the start", async () => {
  const folder = await Deno.makeTempDir();
  Deno.env.set("DENO_KV_DEFAULT_PATH", `${folder}/shared.db`);
  try {
    (await openStore({ location: null, schema: FROM_1 })).close();
    const store = await openStore({ location: null, schema: TO_2 });
    const version = await versionOf(store);
    await migrate(store, TO_2);
    const after = await versionOf(store);
    store.close();
    assert.deepEqual([version, after], [1, 2]);
  } finally {
    Deno.env.delete("DENO_KV_DEFAULT_PATH");
    await Deno.remove(folder, { recursive: true });
  }
});
