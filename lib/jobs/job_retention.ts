/** Ended jobs are kept for some time; then their rows go. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { JobRecord } from "./job_record.ts";
import {
  erasedEvent,
  jobEvent,
  removedRows,
  type RetentionRow,
} from "./job_rows.ts";
import { addRows } from "./job_store.ts";

/** Jobs that are removed at the same time; the commits of so many share a transaction of the store. */
const AT_A_TIME = 16;

/**
 * Removes what is kept no longer, each job with an event `job.removed`.
 * @returns how many there were
 * @throws {StorageError} when the store does not answer
 */
export async function sweepEndedJobs(
  store: Store,
  signal: AbortSignal,
): Promise<number> {
  const rows = list<RetentionRow>(
    store,
    keys.jobRetentions(store.clock.now()),
    { signal },
  );
  let swept = 0;
  let group: Promise<void>[] = [];
  for await (const row of rows) {
    group.push(remove(store, row, signal));
    swept += 1;
    if (group.length < AT_A_TIME) continue;
    await Promise.all(group);
    group = [];
  }
  await Promise.all(group);
  return swept;
}

/** Whoever begins the job again deletes the row, so the check of it lets one of the two win. */
async function remove(
  store: Store,
  { key, value, versionstamp }: Deno.KvEntry<RetentionRow>,
  signal: AbortSignal,
): Promise<void> {
  const { space, job } = keys.parseJobRetentionKey(key);
  const unit = new UnitOfWork().guard(key, versionstamp, value).delete(key);
  addRows(unit, removedRows(space, job, value));
  const { value: record } = await get<JobRecord>(
    store,
    keys.jobKey(space, job),
    { signal },
  );
  const nowMs = store.clock.now();
  // Who had it is erased: the workspace is told, where it is counted and listed.
  if (record === null) {
    unit.event(workspaceOf(space), erasedEvent(job, value, nowMs));
  } else {
    unit.event(space, jobEvent(record, record, "removed", nowMs));
  }
  await commit(store, unit, { signal });
}
