/** Checks the chain of an audit log from its first entry to its last. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Store } from "@/lib/kv/store.ts";
import {
  auditEntry,
  entryHash,
  FIRST_HASH,
  type StoredEntry,
} from "./audit_chain.ts";
import { type AuditAnchor, readEnds, readPages } from "./audit_rows.ts";

/** What is wrong with a chain, and where it begins. */
export interface AuditFault {
  /** Place of the first entry that is not as it was written, or is not there. */
  readonly seq: number;
  /**
   * `changed`: its hash is another. `missing`: it is not there. `moved`: another entry is in its place.
   * `added`: it lies behind the end.
   */
  readonly kind: "changed" | "missing" | "moved" | "added";
}

/** What a check came to. Times are milliseconds since 1970 UTC. */
export interface AuditCheck {
  readonly at: number;
  /** First place that was checked; those before it are kept no longer. */
  readonly from: number;
  /** Last place up to which the chain is whole; one less than `from` where there is none. */
  readonly seq: number;
  /** Hash of the entry there. */
  readonly hash: string;
  /** Null: the chain is whole. */
  readonly fault: AuditFault | null;
}

/** A trim may remove pages while they are read; then the check begins anew. */
const TRIES = 3;

/**
 * Reads the whole chain of a workspace and compares every hash.
 * @throws {StorageError} when the store does not answer
 */
export async function verifyAudit(
  store: Store,
  workspace: string,
  signal?: AbortSignal,
): Promise<AuditCheck> {
  for (let left = TRIES;; left -= 1) {
    const before = await readEnds(store, workspace, signal);
    const check = await walk(store, workspace, before.anchor.value, signal);
    const after = await readEnds(store, workspace, signal);
    const isTrimmed =
      before.anchor.versionstamp !== after.anchor.versionstamp && left > 1;
    if (isTrimmed) continue;
    if (check.fault !== null) return check;
    const fault = compareEnds(check, before.head.value, after.head.value);
    return fault === null ? check : { ...check, fault };
  }
}

/** The chain's end must have been at what was read, or before it while it was read. */
function compareEnds(
  { seq, hash }: AuditCheck,
  before: { seq: number; hash: string } | null,
  after: { seq: number; hash: string } | null,
): AuditFault | null {
  if (before !== null && before.seq > seq) {
    return { seq: seq + 1, kind: "missing" };
  }
  const end = after?.seq ?? 0;
  if (end < seq) return { seq: end + 1, kind: "added" };
  const isOther = [before, after].some((end) =>
    end !== null && end.seq === seq && end.hash !== hash
  );
  return isOther ? { seq, kind: "changed" } : null;
}

async function walk(
  store: Store,
  workspace: string,
  anchor: AuditAnchor | null,
  signal: AbortSignal | undefined,
): Promise<AuditCheck> {
  const at = store.clock.now();
  const from = (anchor?.seq ?? 0) + 1;
  let seq = from - 1;
  let hash = anchor?.hash ?? FIRST_HASH;
  let expected = anchor?.page ?? 0;
  const faulty = (kind: AuditFault["kind"]): AuditCheck => ({
    at,
    from,
    seq,
    hash,
    fault: { seq: seq + 1, kind },
  });
  const pages = readPages(store, workspace, { from: expected }, signal);
  for await (const { page, value } of pages) {
    if (page !== expected) return faulty("missing");
    expected += 1;
    // A page takes some milliseconds, and there may be thousands.
    await nextTurn();
    if (value.prev !== hash) return faulty("changed");
    for (const entry of value.entries) {
      const kind = faultOf(workspace, hash, seq + 1, entry);
      if (kind !== null) {
        // An entry that only a later one follows was taken out; one that is elsewhere was moved.
        const isElsewhere = value.entries.some((other) =>
          other.seq === seq + 1
        );
        return faulty(kind === "moved" && !isElsewhere ? "missing" : kind);
      }
      seq = entry.seq;
      hash = entry.hash;
    }
  }
  return { at, from, seq, hash, fault: null };
}

function faultOf(
  workspace: string,
  prev: string,
  seq: number,
  entry: StoredEntry,
): "changed" | "moved" | null {
  if (entry.seq !== seq) return "moved";
  return entryHash(auditEntry(workspace, prev, entry)) === entry.hash
    ? null
    : "changed";
}
