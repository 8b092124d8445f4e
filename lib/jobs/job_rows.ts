/** The rows of a job: its record, and the entries by which it is found, all written in one atomic. */
import { hash } from "node:crypto";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { BlobManifest, OpenBlobRecord } from "@/lib/kv/blobs.ts";
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import type { Versioned } from "@/lib/kv/store.ts";
import {
  isOver,
  JOB_PRIORITIES,
  type JobPriority,
  type JobRecord,
} from "./job_record.ts";

/** Ended jobs are kept so long, in milliseconds. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;

/** Names the job that a row stands for. */
export interface JobRow extends Versioned {
  readonly v: 1;
  readonly space: string;
  readonly kind: string;
  readonly priority: JobPriority;
  /** Whether it waits only so that what failed together does not come back together. */
  readonly backsOff?: boolean;
}

/** Names an ended job whose rows go at a time, and what of it is elsewhere. */
export interface RetentionRow extends Versioned {
  readonly v: 1;
  readonly kind: string;
  readonly status: JobRecord["status"];
  /** Blob of its result; null: it has none. */
  readonly blob: BlobManifest | null;
}

/** Rows to write and rows to delete. */
export type JobRows = Required<Pick<LaneEntry, "sets" | "deletes">>;

function rowOf({ space, kind, priority, backsOff }: JobRecord): JobRow {
  return { v: 1, space, kind, priority, backsOff };
}

/** The lists that a job stands in: that of its space, and that of its workspace. */
function listKeys(
  { space, status, id }: Pick<JobRecord, "space" | "status" | "id">,
): Deno.KvKey[] {
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

/** Key of a job's own by which its like is found; null: it has none. */
export function dedupKeyOf(
  { space, kind, dedupKey }: JobRecord,
): Deno.KvKey | null {
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

/**
 * What changes beside the record when a job passes from one state to another. Where it waited is the
 * caller's to delete when it has found the job there; see `waitingKeys`.
 */
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
  if (after.status === "queued") {
    sets.push({ key: waitingKey(after, nowMs), value: row });
  }
  const isSameOwner = before.status === after.status &&
    before.owner === after.owner;
  if (!isSameOwner && before.status === "running" && before.owner !== null) {
    deletes.push(keys.ownKey(before.owner, "j", before.id));
  }
  if (!isSameOwner && after.status === "running" && after.owner !== null) {
    sets.push({
      key: keys.ownKey(after.owner, "j", after.id),
      value: { v: 1, ws: after.space },
    });
  }
  if (isOver(before) && !isOver(after)) {
    deletes.push(retentionKeyOf(before));
    const blob = blobOf(before);
    // Its parts go with the next sweep of what nobody names any more.
    if (blob !== null) {
      const value: OpenBlobRecord = { v: 1, owner: null, isDeleted: true };
      sets.push({ key: keys.openBlobKey(blob.blob), value });
    }
  }
  if (isOver(after) && !isOver(before)) {
    const dedup = dedupKeyOf(after);
    if (dedup !== null) deletes.push(dedup);
    const { kind, status } = after;
    const blob = blobOf(after);
    const kept: RetentionRow = { v: 1, kind, status, blob };
    sets.push({ key: retentionKeyOf(after), value: kept });
    if (blob !== null) deletes.push(keys.openBlobKey(blob.blob));
  }
  return { sets, deletes };
}

function retentionKeyOf(
  { space, id, finishedAt, createdAt }: JobRecord,
): Deno.KvKey {
  const dueAtMs = Date.parse(finishedAt ?? createdAt) + KEPT_MS;
  return keys.jobRetentionKey(dueAtMs, space, id);
}

function blobOf({ result }: JobRecord): BlobManifest | null {
  return result !== null && "blob" in result ? result.blob : null;
}

/** The rows of an ended job whose record goes, or has gone with all its space. */
export function removedRows(
  space: string,
  id: string,
  { status, blob }: RetentionRow,
): JobRows {
  const open: OpenBlobRecord = { v: 1, owner: null, isDeleted: true };
  return {
    sets: blob === null
      ? []
      : [{ key: keys.openBlobKey(blob.blob), value: open }],
    deletes: [
      keys.jobKey(space, id),
      keys.jobControlKey(space, id),
      ...listKeys({ space, id, status }),
    ],
  };
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
  /** Its status before this; null: it is new. */
  before: JobRecord["status"] | null;
  /** With a beginning: how long it waited since it was due, in milliseconds; else null. */
  waitedMs: number | null;
  /** With the end of an attempt: how long that took, in milliseconds; else null. */
  tookMs: number | null;
}

/** What is told of a job whose record went before its other rows, with all that somebody had: no text. */
export function erasedEvent(
  id: string,
  { kind, status }: RetentionRow,
  atMs: number,
): OutboxEvent {
  const data: JobEventData = {
    jobId: id,
    kind,
    title: "",
    status,
    attempt: 0,
    progress: { value: 0, message: "" },
    error: null,
    before: status,
    waitedMs: null,
    tookMs: null,
  };
  return { type: "job.removed", at: atMs, subject: id, data: { ...data } };
}

/** Longest error in an event, in UTF-16 code units; the job has it whole. */
const MAX_EVENT_ERROR_CHARACTERS = 300;

/**
 * What a change of a job tells: `job.<verb>`, with `JobEventData`.
 * @param before the job as it was; null: it is new
 */
export function jobEvent(
  before: JobRecord | null,
  record: JobRecord,
  verb: string,
  atMs: number,
): OutboxEvent {
  const { id, kind, title, status, attempt, progress, error } = record;
  const isBegun = before?.status === "queued" && status === "running";
  const isAttemptOver = before?.status === "running" && status !== "running";
  const data: JobEventData = {
    jobId: id,
    kind,
    title,
    status,
    attempt,
    progress,
    error: error?.slice(0, MAX_EVENT_ERROR_CHARACTERS) ?? null,
    before: before?.status ?? null,
    waitedMs: isBegun ? Math.max(atMs - record.runAt, 0) : null,
    tookMs: isAttemptOver && before.startedAt !== null
      ? Math.max(atMs - Date.parse(before.startedAt), 0)
      : null,
  };
  return { type: `job.${verb}`, at: atMs, subject: id, data: { ...data } };
}
