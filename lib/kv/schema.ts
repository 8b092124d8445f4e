import { StorageError } from "@/lib/errors.ts";
import { commit } from "./commit.ts";
import { generationKey, schemaKey } from "./keys.ts";
import { getMany } from "./reads.ts";
import type { Store, StoreKind, Versioned } from "./store.ts";
import { newToken } from "./token.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** The schema that this code writes. It reads this one and the one before. */
export const SCHEMA_VERSION = 2;

/** Which schema the records of a store have. */
export interface SchemaRecord extends Versioned {
  readonly v: 1;
  readonly version: number;
}

/** Which history of a store this is; a restore or an import begins another. */
export interface GenerationRecord extends Versioned {
  readonly v: 1;
  readonly gen: string;
}

/** A store as it was found, before anything but this is known about it. */
export interface StoreIdentity {
  generation: string;
  schemaVersion: number;
}

/**
 * Reads which store this is; a new one gets its generation and its schema, in one atomic that only one
 * of several starting processes wins.
 * @throws {StorageError} when the store does not answer, or holds one of the two records only
 */
export async function identify(
  store: Store,
  schemaVersion: number,
  signal?: AbortSignal,
): Promise<StoreIdentity> {
  const found = await readIdentity(store, signal);
  if (found !== null) return found;
  const unit = new UnitOfWork()
    .guard(generationKey(), null, { v: 1, gen: newToken() })
    .check(schemaKey(), null)
    .set(schemaKey(), { v: 1, version: schemaVersion });
  await commit(store, unit, { signal });
  const made = await readIdentity(store, signal);
  if (made !== null) return made;
  throw new StorageError("The store lost the record of its generation.");
}

async function readIdentity(
  store: Store,
  signal: AbortSignal | undefined,
): Promise<StoreIdentity | null> {
  const [generation, schema] = await getMany<
    [GenerationRecord, SchemaRecord]
  >(store, [generationKey(), schemaKey()], { signal });
  if (generation.value === null && schema.value === null) return null;
  if (generation.value === null || schema.value === null) {
    throw new StorageError(
      "The store has no complete description of itself; it was not written by this program.",
      { code: "storage_foreign" },
    );
  }
  return {
    generation: generation.value.gen,
    schemaVersion: schema.value.version,
  };
}

/**
 * Whether this code may only read a store of this schema. A store on this machine that newer code has
 * written ends the start instead; on Deploy two releases share a store while one replaces the other.
 * @throws {StorageError} `storage_newer`, or `storage_too_old` for a shared store whose records this
 *   code no longer reads; the message is the one line to print
 */
export function isReadOnly(
  kind: StoreKind,
  found: number,
  known: number,
): boolean {
  const shared = kind === "platform" || kind === "remote";
  if (found > known && !shared) {
    throw new StorageError(
      `The store has schema "${found}" and this version knows "${known}"; start the newer version that wrote it`,
      { code: "storage_newer" },
    );
  }
  if (found < known - 1 && shared) {
    throw new StorageError(
      `The store has schema "${found}" and this version reads "${
        known - 1
      }" and "${known}"; deploy the version between them first`,
      { code: "storage_too_old" },
    );
  }
  return found > known;
}
