/**
 * What many entries of one batch share: pages of log chunks and of ledger rows. One value for many rows
 * is what makes a batch cheap.
 */
import { ledgerPageKey, logPageKey, requestKey, unfoldedKey } from "./keys.ts";
import type { StoredValue, Versioned } from "./store.ts";

/** Chunks of the log that one batch made durable; what is in a chunk is its writer's own. */
export interface LogPageRecord extends Versioned {
  readonly v: 1;
  readonly chunks: readonly Uint8Array[];
}

/** A ledger row, encoded, and the space it belongs to. */
export interface LedgerEntry {
  readonly space: string;
  readonly row: Uint8Array;
  /** Request under which the row is to be found, or null. */
  readonly request: string | null;
}

/** Ledger rows of one space in one batch. */
export interface LedgerPageRecord extends Versioned {
  readonly v: 1;
  readonly rows: readonly Uint8Array[];
}

/** Ledger pages of one batch and space that no rollup holds yet. */
export interface UnfoldedRecord extends Versioned {
  readonly v: 1;
  readonly at: number;
  readonly pages: number;
}

/** Where the ledger row of a request is. */
export interface RequestIndexRecord extends Versioned {
  readonly v: 1;
  /** Time of the batch, incarnation, number of the batch, page, place in the page. */
  readonly at: readonly [number, string, number, number, number];
}

/** Largest chunk or row, in bytes. */
export const MAX_PAGE_ITEM_BYTES = 32 * 1024;
/** Largest page, in bytes of its items. */
const MAX_PAGE_BYTES = 60 * 1024;
/** Bytes that an item costs besides its own. */
export const PAGE_ITEM_BYTES = 16;

/** The batch whose pages are built. */
export interface PageBatch {
  incarnation: string;
  lane: number;
  n: number;
  atMs: number;
}

type Row = { key: Deno.KvKey; value: StoredValue };

/** @throws {TypeError} when an item is too large for a page */
export function assertPageItem(bytes: Uint8Array): void {
  if (bytes.length > MAX_PAGE_ITEM_BYTES) {
    throw new TypeError(
      `Item of a page has "${bytes.length}" bytes, more than "${MAX_PAGE_ITEM_BYTES}"`,
    );
  }
}

/** Rows of the pages that hold the log chunks of a batch. */
export function logRows(
  batch: PageBatch,
  chunks: readonly Uint8Array[],
): Row[] {
  const { incarnation, lane, n } = batch;
  return paged(chunks, (chunk) => chunk.length).map((group, page) => ({
    key: logPageKey(incarnation, lane, n, page),
    value: { v: 1, chunks: group } satisfies LogPageRecord,
  }));
}

/**
 * Rows of the pages that hold the ledger rows of a batch, of the index of their requests, and a mark that
 * they are not folded yet.
 */
export function ledgerRows(
  batch: PageBatch,
  entries: readonly LedgerEntry[],
): Row[] {
  const { incarnation, n, atMs } = batch;
  const rows: Row[] = [];
  const bySpace = Map.groupBy(entries, ({ space }) => space);
  for (const [space, own] of bySpace) {
    const pages = paged(own, ({ row }) => row.length);
    rows.push({
      key: unfoldedKey(incarnation, space, n),
      value: {
        v: 1,
        at: atMs,
        pages: pages.length,
      } satisfies UnfoldedRecord,
    });
    for (const [page, group] of pages.entries()) {
      rows.push({
        key: ledgerPageKey(space, atMs, incarnation, n, page),
        value: {
          v: 1,
          rows: group.map(({ row }) => row),
        } satisfies LedgerPageRecord,
      });
      for (const [place, { request }] of group.entries()) {
        if (request === null) continue;
        rows.push({
          key: requestKey(space, request),
          value: {
            v: 1,
            at: [atMs, incarnation, n, page, place],
          } satisfies RequestIndexRecord,
        });
      }
    }
  }
  return rows;
}

/** Cuts items into groups that each fit a page. */
function paged<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const pages: T[][] = [];
  let bytes = Infinity;
  for (const item of items) {
    const size = bytesOf(item) + PAGE_ITEM_BYTES;
    if (bytes + size > MAX_PAGE_BYTES) {
      pages.push([]);
      bytes = 0;
    }
    pages[pages.length - 1].push(item);
    bytes += size;
  }
  return pages;
}
