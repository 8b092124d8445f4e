/** The rows of an audit log besides its pages, and how they are read. */
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import type { AuditPage, ChainEnd } from "./audit_chain.ts";

/** The end of a chain, and which events of the outbox it holds. */
export interface AuditHead extends Versioned, ChainEnd {
  readonly v: 1;
  /** Generation of the store in which the newest of them was made. */
  readonly gen: string;
  /** Versionstamp of the atomic that made it. */
  readonly vs: string;
  readonly token?: string;
}

/** The newest entry that is kept no longer; what is left verifies from it on. */
export interface AuditAnchor extends Versioned {
  readonly v: 1;
  /** First page that is kept. */
  readonly page: number;
  /** Place, hash and time (milliseconds since 1970 UTC) of the entry before it. */
  readonly seq: number;
  readonly hash: string;
  readonly at: number;
  readonly token?: string;
}

/** A page and its number. */
export interface NumberedPage {
  readonly page: number;
  readonly value: AuditPage;
}

/** Pages have up to 40 KiB, and reading some together holds up everything else for that time. */
const PAGES_PER_READ = 4;

export function readHead(
  store: Store,
  workspace: string,
  signal?: AbortSignal,
): Promise<Deno.KvEntryMaybe<AuditHead>> {
  return get(store, keys.auditHeadKey(workspace), { signal });
}

/** Head and anchor of a chain, as of one moment. */
export async function readEnds(
  store: Store,
  workspace: string,
  signal?: AbortSignal,
): Promise<{
  head: Deno.KvEntryMaybe<AuditHead>;
  anchor: Deno.KvEntryMaybe<AuditAnchor>;
}> {
  const [head, anchor] = await getMany<[AuditHead, AuditAnchor]>(
    store,
    [keys.auditHeadKey(workspace), keys.auditAnchorKey(workspace)],
    { signal },
  );
  return { head, anchor };
}

/** The pages from one on, oldest first, or with `reverse` those before one, newest first. */
export async function* readPages(
  store: Store,
  workspace: string,
  range: { from: number } | { before: number | null; reverse: true },
  signal?: AbortSignal,
): AsyncGenerator<NumberedPage> {
  const reverse = "reverse" in range;
  const selector = reverse
    ? keys.auditPages(workspace, 0, range.before)
    : keys.auditPages(workspace, range.from);
  const rows = list<AuditPage>(store, selector, {
    reverse,
    batchSize: PAGES_PER_READ,
    signal,
  });
  for await (const { key, value } of rows) {
    yield { page: keys.parseAuditPageKey(key), value };
  }
}

/** The workspaces that have an audit log. */
export async function* auditedWorkspaces(
  store: Store,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  for await (
    const { key } of list(store, keys.auditedAfter(null), { signal })
  ) {
    yield keys.parseAuditedKey(key);
  }
}
