/** Removes what the audit log has kept long enough: whole pages, oldest first. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import {
  type AuditAnchor,
  auditedWorkspaces,
  readEnds,
  readPages,
} from "./audit_rows.ts";

const DAY_MS = 24 * 60 * 60 * 1_000;

/** How long audit events are kept, in days. */
export const AUDIT_KEPT_DAYS = 400;
/** Pages that one atomic removes. */
const PAGES_PER_UNIT = 50;

/**
 * Removes pages whose newest entry is older than 400 days, and keeps the hash of the last one of them in
 * the same atomic, from which the rest still verifies. The last page of a chain always stays.
 */
export async function sweepAudit(
  store: Store,
  signal?: AbortSignal,
): Promise<void> {
  for await (const workspace of auditedWorkspaces(store, signal)) {
    while (await sweepSome(store, workspace, signal)) {
      signal?.throwIfAborted();
    }
  }
}

/** Whether there may be more to remove. */
async function sweepSome(
  store: Store,
  workspace: string,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const { head, anchor } = await readEnds(store, workspace, signal);
  if (head.value === null) return false;
  const oldest = store.clock.now() - AUDIT_KEPT_DAYS * DAY_MS;
  const unit = new UnitOfWork();
  let next: AuditAnchor | null = null;
  let count = 0;
  const from = anchor.value?.page ?? 0;
  for await (
    const { page, value } of readPages(store, workspace, { from }, signal)
  ) {
    const last = value.entries.at(-1);
    const isOld = value.entries.every(({ at }) => at < oldest);
    if (page >= head.value.page || last === undefined || !isOld) break;
    unit.delete(keys.auditPageKey(workspace, page));
    const { seq, hash, at } = last;
    next = { v: 1, page: page + 1, seq, hash, at };
    count += 1;
    if (count === PAGES_PER_UNIT) break;
  }
  if (next === null) return false;
  unit.guard(keys.auditAnchorKey(workspace), anchor.versionstamp, next);
  const { ok } = await commit(store, unit, { signal });
  return ok && count === PAGES_PER_UNIT;
}
