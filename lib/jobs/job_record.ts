/** A job as the store keeps it, and what its states are. */
import type { Job } from "@/lib/shared/wire.ts";
import type { BlobManifest } from "@/lib/kv/blobs.ts";

/**
 * `queued` waits, now or until `runAt`; `running` is owned by an incarnation; the others are ends:
 * `completed`, `cancelled`, and `dead` when no attempt is left.
 */
export type JobStatus = Job["status"];

export const JOB_STATUSES: readonly JobStatus[] = [
  "queued",
  "running",
  "completed",
  "dead",
  "cancelled",
];

/** In the order in which they are taken. */
export const JOB_PRIORITIES = ["interactive", "normal", "bulk"] as const;

export type JobPriority = typeof JOB_PRIORITIES[number];

/** An attempt that is over. */
export interface JobAttempt {
  startedAt: string;
  finishedAt: string;
  /** What ended it, in words; null: nothing did. */
  error: string | null;
}

/** What a job has come to: in the record, or in a blob where it is large. */
export type JobResult = { inline: unknown } | { blob: BlobManifest };

/** Who asked for a job; what they may do is looked up when it is done. */
export interface JobAsker {
  workspace: string;
  /** `usr_` id. */
  user: string;
  /** `key_` id; null: a session, or local mode. */
  key: string | null;
  /** Address that the request came from; null: none did. */
  address: string | null;
}

export interface JobRecord {
  v: 1;
  id: string;
  kind: string;
  /** What people read of it; see `JobKind.describe`. */
  title: string;
  /** Where it belongs: the space of a user, or a workspace. */
  space: string;
  status: JobStatus;
  priority: JobPriority;
  /** References, never secrets. */
  input: unknown;
  /** Number of the attempt that runs or ran last; 0 before the first. */
  attempt: number;
  maxAttempts: number;
  /** From 0 to 1; it only rises within a job. */
  progress: { value: number; message: string };
  result: JobResult | null;
  error: string | null;
  attempts: readonly JobAttempt[];
  /** Not before then, milliseconds since 1970 UTC. */
  runAt: number;
  /** Whether that is a pause of the queue's own, which nobody asked for. */
  backsOff?: boolean;
  correlationId: string | null;
  /** Absent: whose space it is, or the program itself. */
  askedBy?: JobAsker;
  dedupKey: string | null;
  /** Incarnation that executes it, or executed it last. */
  owner: string | null;
  /**
   * How many jobs were to begin together with it after the death of their process, which one of them may
   * have caused; null: it has not seen one die.
   */
  restartGroup: number | null;
  /** How many processes died while they did it since it was charged last. */
  restarts?: number;
  /** How many processes gave it back since it was charged last, because they stopped. */
  handovers: number;
  createdAt: string;
  startedAt: string | null;
  finishedAt: string | null;
  token?: string;
}

export function isOver({ status }: Pick<JobRecord, "status">): boolean {
  return status !== "queued" && status !== "running";
}

/** A job as its people see it. */
export function toJob(record: JobRecord, result: unknown): Job {
  const { id, kind, title, status, priority, attempt, maxAttempts } = record;
  return {
    id,
    kind,
    title,
    status,
    priority,
    attempt,
    maxAttempts,
    progress: record.progress,
    input: record.input,
    result,
    error: record.error,
    attempts: [...record.attempts],
    runAt: new Date(record.runAt).toISOString(),
    correlationId: record.correlationId,
    dedupKey: record.dedupKey,
    createdAt: record.createdAt,
    startedAt: record.startedAt,
    finishedAt: record.finishedAt,
  };
}
