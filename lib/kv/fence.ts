import { commit } from "./commit.ts";
import type { FenceRecord, OwnRecord } from "./incarnation.ts";
import {
  budgetHoldersAfter,
  fenceKey,
  lanesOf,
  logPagesAfter,
  ownedAfter,
  ownedBy,
  type OwnedKind,
  parseBudgetHolderKey,
  parseLogPageKey,
  parseOwnKey,
} from "./keys.ts";
import type { LaneHead } from "./lane_writer.ts";
import { get, list } from "./reads.ts";
import type { Store } from "./store.ts";
import { UnitOfWork } from "./unit_of_work.ts";

/** A run or a job that an incarnation owns. */
export interface OwnedRow {
  kind: OwnedKind;
  id: string;
  space: string;
  /** Key and versionstamp of the row, for the unit that ends the ownership. */
  key: Deno.KvKey;
  versionstamp: string;
}

/** An incarnation and what it owns; of a fenced one that waits to be taken over. */
export interface OwnedIncarnation {
  id: string;
  /** What it owns, read now. Whoever takes a row over deletes it in the same atomic. */
  owned(options?: { signal?: AbortSignal }): AsyncGenerator<OwnedRow>;
}

/** A fenced head is kept so long, so that a frozen owner still learns what became of its last batch. */
const FENCED_HEAD_MS = 24 * 60 * 60 * 1_000;

/**
 * Fences an incarnation: closes the heads of its lanes, keeping number and token of the last batch, and
 * deletes its fence key, in one atomic. From then on nothing it has sent or will send can commit, so
 * what it owned may be read. False: it moved meanwhile, or is fenced already.
 * @throws as `commit` does
 */
export async function fence(
  store: Store,
  incarnation: string,
  { signal }: { signal?: AbortSignal } = {},
): Promise<boolean> {
  const key = fenceKey(incarnation);
  const born = await get<FenceRecord>(store, key, { signal });
  if (born.versionstamp === null) return false;
  const unit = new UnitOfWork().check(key, born.versionstamp).delete(key);
  const heads = list<LaneHead>(store, lanesOf(incarnation), { signal });
  for await (const head of heads) {
    const closed: LaneHead = {
      ...head.value,
      state: "fenced",
      replaced: head.versionstamp,
    };
    unit.guard(head.key, head.versionstamp, closed, {
      tokenField: "fencedBy",
      expireInMs: FENCED_HEAD_MS,
    });
  }
  return (await commit(store, unit, { signal })).ok;
}

/** Incarnations that own something. */
export function owners(
  store: Store,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const incarnationOf = (key: Deno.KvKey) => parseOwnKey(key).incarnation;
  return incarnations(store, ownedAfter, incarnationOf, signal);
}

/** Incarnations that have pages in the shared log. */
export function writers(
  store: Store,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  return incarnations(store, logPagesAfter, parseLogPageKey, signal);
}

/** Incarnations that hold a part of a budget. */
export function spenders(
  store: Store,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  const incarnationOf = (key: Deno.KvKey) =>
    parseBudgetHolderKey(key).incarnation;
  return incarnations(store, budgetHoldersAfter, incarnationOf, signal);
}

/** Skips from the rows of one incarnation to those of the next. */
async function* incarnations(
  store: Store,
  after: (incarnation: string | null) => Deno.KvListSelector,
  incarnationOf: (key: Deno.KvKey) => string,
  signal: AbortSignal | undefined,
): AsyncGenerator<string> {
  let last: string | null = null;
  while (true) {
    const rows: Deno.KvEntry<unknown>[] = await Array.fromAsync(
      list(store, after(last), { limit: 1, signal }),
    );
    if (rows.length === 0) return;
    last = incarnationOf(rows[0].key);
    yield last;
  }
}

/** What a fenced incarnation owns, read now. */
export async function* owned(
  store: Store,
  incarnation: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<OwnedRow> {
  const rows = list<OwnRecord>(store, ownedBy(incarnation), { signal });
  for await (const { key, value, versionstamp } of rows) {
    const { kind, id } = parseOwnKey(key);
    yield { kind, id, space: value.ws, key, versionstamp };
  }
}
