/**
 * How the records of a store get from one schema to the next, in three steps over two releases. Expand:
 * the release that brings schema N writes N and reads N-1 and N. Migrate: its migration rewrites what is
 * still N-1. Contract: the next release no longer reads N-1.
 */
import { StorageError } from "@/lib/errors.ts";
import { sleep } from "@/lib/clock.ts";
import { commit } from "./commit.ts";
import { INTO_SPACES } from "./into_spaces.ts";
import { schemaKey } from "./keys.ts";
import { MigrationLease } from "./migration_lease.ts";
import { get, list } from "./reads.ts";
import type { SchemaRecord } from "./schema.ts";
import type { Store } from "./store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** One step from a schema to the next. */
export interface Migration {
  /** Schema that the records have afterwards: one more than before. */
  to: number;
  /** The rows to look at, range by range. */
  ranges: readonly { prefix: Deno.KvKey }[];
  /** Reads what has to be known before any row is changed; done anew after each interruption. */
  prepare(store: Store, signal?: AbortSignal): Promise<Change>;
}

/**
 * Tells into the unit what becomes of a row; the row itself is checked already. True: something was
 * told. A row that has been changed before must give false, since a row may be looked at twice.
 */
export type Change = (
  row: Deno.KvEntry<unknown>,
  unit: UnitOfWork,
) => boolean;

/** The schema that code writes, and the ways to it. */
export interface Schema {
  version: number;
  migrations: readonly Migration[];
}

/** The migrations of this code. Schema 1 is the first. */
export const MIGRATIONS: readonly Migration[] = [INTO_SPACES];

const BATCH_ROWS = 200;
/** Rows that one atomic changes: each has its own check, and the lease has one. */
const CHANGES_PER_UNIT = 9;
/** Beyond this a unit is committed, so that the next row finds room. */
const UNIT_BYTES = 400_000;
const WAIT_MS = 100;

/**
 * Brings the store to the schema of this code, step by step. Of several processes one migrates, under a
 * lease that each of its commits checks; the others wait. What was done is committed together with how
 * far it is, so after a crash it goes on from there.
 * @throws {StorageError} `storage_too_old` when the way from the store's schema is not known
 * @throws the signal's reason when it aborts
 */
export async function migrate(
  store: Store,
  schema: Schema,
  { signal }: { signal?: AbortSignal } = {},
): Promise<void> {
  while (true) {
    signal?.throwIfAborted();
    const found = await get<SchemaRecord>(store, schemaKey(), { signal });
    const version = found.value?.version ?? schema.version;
    if (version >= schema.version) return;
    const migration = schema.migrations.find(({ to }) => to === version + 1);
    if (migration === undefined) {
      throw new StorageError(
        `The store has schema "${version}" and this version begins with "${
          version + 1
        }" at least; start an older version once`,
        { code: "storage_too_old" },
      );
    }
    const lease = await MigrationLease.take(store, migration.to, signal);
    if (lease !== null) {
      try {
        await run(store, migration, lease, found.versionstamp, signal);
      } finally {
        await lease.letGo();
      }
    } else await sleep(store.clock, WAIT_MS, signal);
  }
}

/** Runs one migration as far as the lease holds. */
async function run(
  store: Store,
  migration: Migration,
  lease: MigrationLease,
  schemaVersionstamp: string | null,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { ranges, to } = migration;
  const change = await migration.prepare(store, signal);
  // A range that is done is one that a crash may bring back: its rows say that they have been changed.
  const first = ranges.findIndex(({ prefix }) => isIn(lease.cursor, prefix));
  for (const { prefix } of ranges.slice(Math.max(first, 0))) {
    if (!await changeRange(store, prefix, change, lease, signal)) return;
  }
  const unit = new UnitOfWork()
    .guard(schemaKey(), schemaVersionstamp, { v: 1, version: to });
  await commit(store, lease.end(unit), { signal });
}

function isIn(key: Deno.KvKey | null, prefix: Deno.KvKey): boolean {
  return key !== null && prefix.every((part, place) => key[place] === part);
}

/** Changes the rows of one range; false: the lease is lost. */
async function changeRange(
  store: Store,
  prefix: Deno.KvKey,
  change: Change,
  lease: MigrationLease,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  while (true) {
    const { cursor } = lease;
    const selector = cursor !== null && isIn(cursor, prefix)
      ? { prefix, start: cursor }
      : { prefix };
    const rows = await Array.fromAsync(
      list(store, selector, { limit: BATCH_ROWS, signal }),
    );
    const outcome = await changeRows(change, lease, rows, signal);
    if (outcome === "lease lost") return false;
    if (outcome === "done" && rows.length < BATCH_ROWS) return true;
  }
}

async function changeRows(
  change: Change,
  lease: MigrationLease,
  rows: Deno.KvEntry<unknown>[],
  signal: AbortSignal | undefined,
): Promise<"done" | "row moved" | "lease lost"> {
  let unit = new UnitOfWork();
  for (const [index, row] of rows.entries()) {
    const own = new UnitOfWork().check(row.key, row.versionstamp);
    if (change(row, own)) unit.add(own);
    const last = index === rows.length - 1;
    if (
      last || unit.checks.length === CHANGES_PER_UNIT ||
      unit.totalBytes > UNIT_BYTES
    ) {
      if (!await lease.advance(unit, row.key, signal)) {
        return await lease.isHeld(signal) ? "row moved" : "lease lost";
      }
      unit = new UnitOfWork();
    }
  }
  return "done";
}
