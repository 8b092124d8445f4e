import { StorageError } from "@/lib/errors.ts";
import type { Bell } from "./bell.ts";
import type { JobBell } from "./job_bell.ts";
import type { Clock } from "@/lib/clock.ts";

/**
 * Where a store lives. `memory`: this process only. `file`: a SQLite file, shared by the processes of
 * this machine. `remote`: a KV Connect server. `platform`: what `Deno.openKv()` gives without an
 * argument (Deno Deploy, or what DENO_KV_DEFAULT_PATH names).
 */
export type StoreKind = "memory" | "file" | "remote" | "platform";

/** An open store. Writes go through `commit` or a `Lane`, reads through `reads.ts`. */
export interface Store {
  readonly kind: StoreKind;
  readonly kv: Deno.Kv;
  /** Path of the file, for kind `file`; else null. */
  readonly path: string | null;
  /** Random id of this store's history; another one after a restore or an import. */
  readonly generation: string;
  /** The store was written by newer code: it can be read, and every write is refused. */
  readonly readOnly: boolean;
  /** After this long a call to the store counts as unanswered, in milliseconds. */
  readonly deadlineMs: number;
  readonly clock: Clock;
  /** Rings when this process has committed events. */
  readonly eventsBell: Bell;
  /** Rings when this process has committed jobs, or the store says that one is due. */
  readonly jobsBell: JobBell;
  close(): void;
}

/**
 * Whether the store has queues. It is known by how the store was opened and never tried: where it has
 * none, an enqueue fails all that is committed with it.
 */
export function hasQueues({ kind }: Pick<Store, "kind">): boolean {
  return kind === "memory" || kind === "file";
}

/** Every value in the store carries the version of its shape. */
export interface Versioned {
  readonly v: number;
}

/** What can be written: a record of a declared type, or a literal. */
export type StoredValue =
  | Versioned
  | { readonly v: number; readonly [field: string]: unknown };

/** @throws {StorageError} `storage_read_only` when the store takes no writes from this code */
export function assertWritable(store: Pick<Store, "readOnly">): void {
  if (!store.readOnly) return;
  throw new StorageError(
    "The store belongs to a newer version of this program and is read-only here.",
    { code: "storage_read_only" },
  );
}
