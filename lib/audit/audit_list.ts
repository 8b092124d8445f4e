/** The entries of an audit log, newest first, by what is looked for. */
import type { Store } from "@/lib/kv/store.ts";
import {
  type AuditEntry,
  auditEntry,
  type StoredEntry,
} from "./audit_chain.ts";
import { readPages } from "./audit_rows.ts";

/** Which entries are wanted. Times are milliseconds since 1970 UTC. */
export interface AuditFilter {
  readonly type?: string | null;
  /** `usr_` or `key_` id of who did it. */
  readonly actor?: string | null;
  readonly from?: number | null;
  /** Not reached any more. */
  readonly to?: number | null;
}

/** A place in the log: only entries before it. */
export interface AuditPlace {
  /** Page with the last entry that was shown. */
  readonly page: number;
  readonly seq: number;
}

export interface AuditList {
  readonly items: readonly AuditEntry[];
  /** Where the next list begins; null: there is nothing more. */
  readonly next: AuditPlace | null;
}

/**
 * Pages that one list reads, at most. Where few entries fit the filter, a list may have less than its
 * limit, or none, and still go on.
 */
const PAGES_PER_LIST = 100;

/** Lists entries that fit, newest first. @throws {StorageError} when the store does not answer */
export async function listAudit(
  store: Store,
  workspace: string,
  filter: AuditFilter,
  { before, limit }: { before: AuditPlace | null; limit: number },
  signal?: AbortSignal,
): Promise<AuditList> {
  const items: AuditEntry[] = [];
  let read = 0;
  let next: AuditPlace | null = null;
  const pages = readPages(
    store,
    workspace,
    { before: before === null ? null : before.page + 1, reverse: true },
    signal,
  );
  for await (const { page, value } of pages) {
    if (items.length === limit || read === PAGES_PER_LIST) {
      return { items, next };
    }
    read += 1;
    for (const [index, stored] of [...value.entries.entries()].reverse()) {
      if (before !== null && stored.seq >= before.seq) continue;
      if (items.length === limit) return { items, next };
      next = { page, seq: stored.seq };
      if (!fits(stored, filter)) continue;
      const prev = value.entries[index - 1]?.hash ?? value.prev;
      items.push(auditEntry(workspace, prev, stored));
    }
  }
  return { items, next: null };
}

/** Whether an entry is one of those that are wanted. */
export function fits(
  { type, actor, at }: StoredEntry,
  filter: AuditFilter,
): boolean {
  const who = filter.actor ?? null;
  return (filter.type ?? type) === type &&
    (who === null || actor?.user === who || actor?.key === who) &&
    at >= (filter.from ?? -Infinity) && at < (filter.to ?? Infinity);
}

/** A place as text. */
export function placeText({ page, seq }: AuditPlace): string {
  return `${page}.${seq}`;
}

/** A place out of a text that `placeText` made; null: it made none such. */
export function readPlace(text: string): AuditPlace | null {
  const match = /^(\d{1,12})\.(\d{1,15})$/.exec(text);
  return match === null
    ? null
    : { page: Number(match[1]), seq: Number(match[2]) };
}
