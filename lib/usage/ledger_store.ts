/** The ledger in the store: the lane writes its rows, packed into one page a batch and workspace. */
import { workspaceOf } from "@/lib/shared/spaces.ts";
import { StorageError } from "@/lib/errors.ts";
import { ledgerPages, parseLedgerPageKey } from "@/lib/kv/keys.ts";
import type { LedgerEntry, LedgerPageRecord } from "@/lib/kv/pages.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Lane } from "@/lib/kv/lane.ts";
import type { CounterAdd } from "@/lib/kv/lane_counter.ts";
import { describeKey } from "@/lib/kv/sizes.ts";
import type { Store } from "@/lib/kv/store.ts";
import {
  decodeLedgerRow,
  encodeLedgerRow,
  type LedgerRow,
} from "./ledger_row.ts";

/** Pages fetched at a time: each has up to 60 KiB, and a fetch holds up writes of the same thread. */
const PAGES_PER_READ = 50;

/** A row as an entry of the lane takes it: it goes into the ledger of the space's workspace. @throws {TypeError} when it cannot be stored */
export function ledgerEntry(space: string, row: LedgerRow): LedgerEntry {
  return {
    space: workspaceOf(space),
    row: encodeLedgerRow(row),
    request: row.request,
  };
}

/**
 * Writes the row of an attempt that nothing else is written with; resolves once it is in the store.
 * @param counters what the row counts for
 * @throws as `Lane.write` does
 */
export async function writeLedgerRow(
  lane: Pick<Lane, "write">,
  space: string,
  row: LedgerRow,
  counters?: readonly CounterAdd[],
): Promise<void> {
  const ledger = [ledgerEntry(space, row)];
  await lane.write({ ledger, counters, urgency: "soon" });
}

/**
 * Writes the row of an answer that needed no run; resolves once it is in the store. It is found by the
 * time in the id of its request alone, so that it costs nothing but its place in a page.
 * @param counters what the row counts for
 * @throws as `Lane.write` does
 */
export async function writeRunlessRow(
  lane: Pick<Lane, "write">,
  space: string,
  row: LedgerRow,
  counters?: readonly CounterAdd[],
): Promise<void> {
  const entry = { ...ledgerEntry(space, row), request: null };
  await lane.write({ ledger: [entry], counters, urgency: "soon" });
}

/** Rows of one batch and workspace, or some of them. */
export interface LedgerPage {
  /** When the batch was written, milliseconds since 1970 UTC. */
  atMs: number;
  incarnation: string;
  /** Number of the batch. */
  n: number;
  rows: LedgerRow[];
}

export class Ledger {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The rows of a workspace that were written from `fromMs` on and before `toMs`, in the order of
   * writing (milliseconds since 1970 UTC, by the clock of the process that wrote them). An attempt is
   * written when it has ended.
   * @throws {StorageError} `ledger_damaged` for a page that this code cannot read, or when the store
   *   does not answer
   * @throws the signal's reason when it aborts
   */
  async *rows(
    workspace: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<LedgerRow, void, void> {
    for await (const { rows } of this.pages(workspace, fromMs, toMs, signal)) {
      yield* rows;
    }
  }

  /** The same by page, with when it was written and by whom. @throws as `rows` does */
  async *pages(
    workspace: string,
    fromMs: number,
    toMs: number,
    signal: AbortSignal,
  ): AsyncGenerator<LedgerPage, void, void> {
    if (fromMs >= toMs) return;
    const pages = list<LedgerPageRecord>(
      this.#store,
      ledgerPages(workspace, fromMs, toMs),
      { batchSize: PAGES_PER_READ, signal },
    );
    for await (const { key, value } of pages) {
      yield { ...parseLedgerPageKey(key), rows: decodePage(key, value) };
    }
  }
}

function decodePage(key: Deno.KvKey, page: LedgerPageRecord): LedgerRow[] {
  try {
    return page.rows.map(decodeLedgerRow);
  } catch (cause) {
    throw new StorageError(
      `The ledger page ${describeKey(key)} cannot be read.`,
      { code: "ledger_damaged", cause },
    );
  }
}
