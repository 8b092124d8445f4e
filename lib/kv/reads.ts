import { setImmediate as nextTurn } from "node:timers/promises";
import { StorageError } from "@/lib/errors.ts";
import { withDeadline } from "./deadline.ts";
import type { Store } from "./store.ts";

/** How fresh a read has to be, and how long it is wanted. */
export interface ReadOptions {
  signal?: AbortSignal;
  /** `eventual` may answer from a nearby copy that is behind. Strong unless told. */
  consistency?: Deno.KvConsistencyLevel;
}

/** Keys that one read of the store takes. */
const KEYS_PER_READ = 10;
/** Rows fetched at a time: longer batches hold up writes on the same thread. */
const MAX_BATCH_ROWS = 200;

async function read<T>(
  store: Store,
  call: PromiseLike<T>,
  what: string,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { clock, deadlineMs } = store;
  try {
    return await withDeadline(call, { clock, deadlineMs, signal, what });
  } catch (cause) {
    if (signal?.aborted) throw cause;
    throw new StorageError("The store does not answer.", { cause });
  }
}

/** Longest part of a key that is read; the store takes 2 KiB in all, and no key of ours comes near it. */
const MAX_PART_CHARACTERS = 600;

/** Whether a row can have this key. Ids of callers get into keys, and they may be of any length. */
function canExist(key: Deno.KvKey): boolean {
  return key.every((part) =>
    typeof part !== "string" || part.length <= MAX_PART_CHARACTERS
  );
}

function absent(key: Deno.KvKey): Deno.KvEntryMaybe<never> {
  return { key, value: null, versionstamp: null };
}

/**
 * Reads one key; `value` and `versionstamp` are null when it is absent.
 * @throws {StorageError} when the store fails or does not answer in time
 * @throws the signal's reason when it aborts
 */
export async function get<T>(
  store: Store,
  key: Deno.KvKey,
  { signal, consistency = "strong" }: ReadOptions = {},
): Promise<Deno.KvEntryMaybe<T>> {
  signal?.throwIfAborted();
  if (!canExist(key)) return absent(key);
  const call = store.kv.get<T>(key, { consistency });
  return await read(store, call, "get", signal);
}

/**
 * Reads several keys, in the order given. Up to ten are one snapshot; more are read in groups of ten at
 * the same time, each a snapshot of its own.
 * @throws as `get` does
 */
export async function getMany<T extends readonly unknown[]>(
  store: Store,
  keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
  { signal, consistency = "strong" }: ReadOptions = {},
): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
  signal?.throwIfAborted();
  const readable = keys.filter(canExist);
  const reads: Promise<Deno.KvEntryMaybe<unknown>[]>[] = [];
  for (let from = 0; from < readable.length; from += KEYS_PER_READ) {
    const group = readable.slice(from, from + KEYS_PER_READ);
    const call = store.kv.getMany<unknown[]>(group, { consistency });
    reads.push(read(store, call, "getMany", signal));
  }
  const found = (await Promise.all(reads)).flat();
  const entries = readable.length === keys.length
    ? found
    : keys.map((key) => canExist(key) ? found.shift()! : absent(key));
  return entries as { [K in keyof T]: Deno.KvEntryMaybe<T[K]> };
}

/** How much of a range to read, in which order. */
export interface ListOptions extends ReadOptions {
  /** Rows in all; without it, all there are. */
  limit?: number;
  /** From the last row to the first. */
  reverse?: boolean;
  /** Rows fetched at a time, at most 200. Each batch is a snapshot of its own. */
  batchSize?: number;
}

/**
 * Reads the rows of a range one after the other. The deadline holds for each batch; between batches the
 * event loop gets its turn.
 * @throws as `get` does
 */
export async function* list<T>(
  store: Store,
  selector: Deno.KvListSelector,
  options: ListOptions = {},
): AsyncGenerator<Deno.KvEntry<T>, void, void> {
  const { signal, reverse, consistency = "strong" } = options;
  const batchSize = Math.min(
    options.batchSize ?? MAX_BATCH_ROWS,
    MAX_BATCH_ROWS,
  );
  let left = options.limit ?? Infinity;
  let cursor: string | undefined;
  while (left > 0) {
    signal?.throwIfAborted();
    const limit = Math.min(batchSize, left);
    const rows = store.kv.list<T>(selector, {
      limit,
      batchSize: limit,
      reverse,
      consistency,
      cursor,
    });
    const batch = await read(store, Array.fromAsync(rows), "list", signal);
    yield* batch;
    if (batch.length < limit) return;
    left -= batch.length;
    cursor = rows.cursor;
    await nextTurn();
  }
}
