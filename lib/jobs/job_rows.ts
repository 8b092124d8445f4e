/** The rows of a job: its record, and the entries by which it is found, all written in one atomic. */
import { hash } from "node:crypto";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { Versioned } from "@/lib/kv/store.ts";
import {
  isOver,
  JOB_PRIORITIES,
  type JobPriority,
  type JobRecord,
  type JobResult,
} from "./job_record.ts";

/** Ended jobs are kept so long, in milliseconds. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

type BlobResult = Extract<JobResult, { blob: unknown }>;

/** Names the job that a row stands for. */
export interface JobRow extends Versioned {
  readonly v: 1;
  readonly space: string;
  readonly kind: string;
  readonly priority: JobPriority;
}

/** Rows to write and rows to delete. */
export type JobRows = Required<Pick<LaneEntry, "sets" | "deletes">>;

function rowOf({ space, kind, priority }: JobRecord): JobRow {
  return { v: 1, space, kind, priority };
}

/** The lists that a job stands in: that of its space, and that of its workspace. */
function listKeys({ space, status, id }: JobRecord): Deno.KvKey[] {
  const spaces = new Set([space, workspaceOf(space)]);
  return [...spaces].map((each) => keys.jobListKey(each, status, id));
}

/** Where a queued job waits: among those that may be claimed, or for its time. */
export function waitingKey(record: JobRecord, nowMs: number): Deno.KvKey {
  const { id, runAt, kind, priority, space } = record;
  if (runAt > nowMs) return keys.jobTimerKey(runAt, id);
  return dueKey({ space, kind, priority }, runAt, id);
}

/** Among those that may be claimed. */
export function dueKey(
  { space, kind, priority }: Pick<JobRow, "space" | "kind" | "priority">,
  runAtMs: number,
  job: string,
): Deno.KvKey {
  return keys.jobDueKey({
    priority: JOB_PRIORITIES.indexOf(priority),
    workspace: workspaceOf(space),
    kind,
    runAtMs,
    job,
  });
}

/** Both places in which a queued job may wait: its timer may have been made a due row meanwhile. */
export function waitingKeys({ id, runAt, ...row }: JobRecord): Deno.KvKey[] {
  return [keys.jobTimerKey(runAt, id), dueKey(row, runAt, id)];
}

/** A key that a caller chose freely, as it stands in the store. */
export function dedupHash(key: string): string {
  return hash("sha256", key, "hex");
}

function dedupKeyOf({ space, kind, dedupKey }: JobRecord): Deno.KvKey | null {
  if (dedupKey === null) return null;
  return keys.jobDedupKey(space, kind, dedupHash(dedupKey));
}

/** The rows of a job that is enqueued, without its record, which whoever writes it checks. */
export function enqueuedRows(record: JobRecord, nowMs: number): JobRows {
  const row = rowOf(record);
  const waiting = [...listKeys(record), waitingKey(record, nowMs)];
  return {
    sets: waiting.map((key) => ({ key, value: row })),
    deletes: [],
  };
}

/** What changes beside the record when a job passes from one state to another. */
export function changedRows(
  before: JobRecord,
  after: JobRecord,
  nowMs: number,
): JobRows {
  const row = rowOf(after);
  const sets: JobRows["sets"] = [];
  const deletes: Deno.KvKey[] = [];
  if (before.status !== after.status) {
    deletes.push(...listKeys(before));
    for (const key of listKeys(after)) sets.push({ key, value: row });
  }
  if (before.status === "queued") deletes.push(...waitingKeys(before));
  if (after.status === "queued") {
    sets.push({ key: waitingKey(after, nowMs), value: row });
  }
  if (before.status === "running" && before.owner !== null) {
    deletes.push(
      keys.ownKey(before.owner, "j", before.id),
      keys.jobControlKey(before.space, before.id),
    );
  }
  if (after.status === "running" && after.owner !== null) {
    sets.push({
      key: keys.ownKey(after.owner, "j", after.id),
      value: { v: 1, ws: after.space },
    });
  }
  if (isOver(after) && !isOver(before)) {
    const dedup = dedupKeyOf(after);
    if (dedup !== null) deletes.push(dedup);
    sets.push({
      key: keys.jobRetentionKey(nowMs + KEPT_MS, after.space, after.id),
      value: { v: 1 },
    });
  }
  if (after.result !== null && "blob" in after.result) {
    deletes.push(keys.openBlobKey(after.result.blob.blob));
  }
  const written = new Set(sets.map(({ key }) => JSON.stringify(key)));
  return {
    sets,
    deletes: deletes.filter((key) => !written.has(JSON.stringify(key))),
  };
}

/** All rows of a job, for whoever removes it. */
export function allKeysOf(record: JobRecord): Deno.KvKey[] {
  const { space, id, result } = record;
  const parts = result !== null && "blob" in result ? result.blob.parts : 0;
  return [
    ...Array.from(
      { length: parts },
      (_, part) => keys.blobPartKey((result as BlobResult).blob.blob, part),
    ),
    keys.jobKey(space, id),
    keys.jobControlKey(space, id),
    ...listKeys(record),
  ];
}

/** What each event of a job says of it: all that a list shows, so that nobody reads the job for it. */
export interface JobEventData {
  jobId: string;
  kind: string;
  /** What people read of it; see `JobKind.describe`. */
  title: string;
  status: JobRecord["status"];
  attempt: number;
  progress: JobRecord["progress"];
  /** Why the last attempt failed, shortened; null: it did not. */
  error: string | null;
}

/** Longest error in an event, in UTF-16 code units; the job has it whole. */
const MAX_EVENT_ERROR_CHARACTERS = 300;

/** What a change of a job tells: `job.<verb>`, with `JobEventData`. */
export function jobEvent(
  { id, kind, title, status, attempt, progress, error }: JobRecord,
  verb: string,
  atMs: number,
): OutboxEvent {
  const data: JobEventData = {
    jobId: id,
    kind,
    title,
    status,
    attempt,
    progress,
    error: error?.slice(0, MAX_EVENT_ERROR_CHARACTERS) ?? null,
  };
  return { type: `job.${verb}`, at: atMs, subject: id, data: { ...data } };
}
