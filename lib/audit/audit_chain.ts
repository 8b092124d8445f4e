/**
 * The chain that makes the audit log append-only to whoever looks: each entry carries the hash of the one
 * before it, so that none can be changed, taken out or moved without all that follow being written anew.
 */
import { hash } from "node:crypto";
import type { Versioned } from "@/lib/kv/store.ts";
import type { AuditActor } from "./audit_event.ts";
import type { AuditValue } from "./audit_types.ts";
import { canonicalJson } from "./canonical_json.ts";

/** What is recorded, before it has a place in the chain. */
export interface AuditFact {
  /** Id of the event: `generation.versionstamp.index`. */
  readonly id: string;
  /** Milliseconds since 1970 UTC, as the process that did it told. */
  readonly at: number;
  readonly type: string;
  readonly actor: AuditActor | null;
  readonly subject: string;
  readonly address: string | null;
  readonly details: Readonly<Record<string, AuditValue>>;
}

/** An entry as stored. */
export interface StoredEntry extends AuditFact {
  /** Place in the workspace's chain, from 1. */
  readonly seq: number;
  /** SHA-256 in hexadecimal. */
  readonly hash: string;
}

/** An entry as everyone outside the store sees it, and as it is hashed. */
export interface AuditEntry extends Omit<StoredEntry, "at"> {
  readonly workspace: string;
  /** RFC 3339 UTC. */
  readonly at: string;
  /** Hash of the entry before; zeros for the first. */
  readonly prev: string;
}

/** Entries that follow one another. */
export interface AuditPage extends Versioned {
  readonly v: 1;
  /** Hash of the entry before the first one here. */
  readonly prev: string;
  readonly entries: readonly StoredEntry[];
}

/** The end of a chain. */
export interface ChainEnd {
  /** Number of the last page; -1 before there is one. */
  readonly page: number;
  /** Of the last entry; 0 before there is one. */
  readonly seq: number;
  readonly hash: string;
}

/** What stands for the entry before the first. */
export const FIRST_HASH = "0".repeat(64);

export const EMPTY_CHAIN: ChainEnd = { page: -1, seq: 0, hash: FIRST_HASH };

/** Most bytes of a page, as JSON: well below what a value of the store may have. */
const PAGE_BYTES = 40 * 1024;
const PAGE_ENTRIES = 250;

/** The whole entry, as it is shown and hashed. */
export function auditEntry(
  workspace: string,
  prev: string,
  stored: StoredEntry,
): AuditEntry {
  const { seq, id, at, type, actor, subject, address, details, hash } = stored;
  return {
    seq,
    id,
    workspace,
    at: isoMoment(at),
    type,
    actor,
    subject,
    address,
    details,
    prev,
    hash,
  };
}

/** A row that someone tampered with may hold no moment at all; it is still to be shown. */
function isoMoment(at: number): string {
  const moment = new Date(at);
  return Number.isNaN(moment.getTime()) ? "invalid" : moment.toISOString();
}

/**
 * Hash of an entry: SHA-256 of its canonical JSON without the member `hash`, which it is. Since `prev` is
 * in it, it stands for all entries before as well.
 */
export function entryHash(entry: Omit<AuditEntry, "hash">): string {
  const { hash: _, ...hashed } = entry as AuditEntry;
  return hash("sha256", canonicalJson(hashed), "hex");
}

/** Pages that an appending writes, and where the chain ends then. */
export interface Appended {
  readonly end: ChainEnd;
  readonly pages: readonly {
    readonly page: number;
    readonly value: AuditPage;
  }[];
}

/**
 * Appends facts to a chain.
 * @param last the last page as stored; null: there is none yet
 */
export function appendFacts(
  workspace: string,
  end: ChainEnd,
  last: AuditPage | null,
  facts: readonly AuditFact[],
): Appended {
  let { page, seq, hash: prev } = end;
  let entries = last === null ? [] : [...last.entries];
  let first = last?.prev ?? prev;
  let bytes = last === null ? Infinity : sizeOf(entries);
  const pages = new Map<number, AuditPage>();
  for (const fact of facts) {
    seq += 1;
    const unsealed: StoredEntry = { ...fact, seq, hash: "" };
    const entry: StoredEntry = {
      ...unsealed,
      hash: entryHash(auditEntry(workspace, prev, unsealed)),
    };
    const size = sizeOf(entry);
    if (bytes + size > PAGE_BYTES || entries.length >= PAGE_ENTRIES) {
      page += 1;
      [entries, first, bytes] = [[], prev, 0];
    }
    entries.push(entry);
    bytes += size;
    prev = entry.hash;
    pages.set(page, { v: 1, prev: first, entries });
  }
  return {
    end: { page, seq, hash: prev },
    pages: [...pages].map(([page, value]) => ({ page, value })),
  };
}

const encoder = new TextEncoder();

function sizeOf(value: unknown): number {
  return encoder.encode(JSON.stringify(value)).length;
}
