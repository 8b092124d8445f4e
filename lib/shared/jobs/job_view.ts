/** A job as pages show it: in words, with what one can do about it. */
import type { Job } from "@/lib/shared/wire.ts";

/** Why a job that waits does not go on yet. */
export type JobWait =
  /** An admin has paused its kind. */
  | { why: "paused" }
  /** Its last attempt failed; the next one begins at `runAt`. */
  | { why: "retry" }
  /** It was asked for at a later time. */
  | { why: "later" }
  /** As many of its kind as may go on at a time go on; `ahead` are before it, null: many. */
  | { why: "places"; places: number; ahead: number | null }
  /** It is about to be begun. */
  | { why: "turn"; ahead: number | null };

/** A file that a job has made. */
export interface JobDownload {
  href: string;
  name: string;
  bytes: number;
}

export interface JobView extends
  Pick<
    Job,
    | "id"
    | "kind"
    | "status"
    | "priority"
    | "attempt"
    | "maxAttempts"
    | "progress"
    | "error"
    | "runAt"
    | "createdAt"
    | "startedAt"
    | "finishedAt"
  > {
  /** "Export of “River levels”". */
  title: string;
  /** Null unless it waits. */
  wait: JobWait | null;
  /** A sentence of what came out. */
  text: string | null;
  /** Page of the app that shows the outcome. */
  href: string | null;
  download: JobDownload | null;
  /** Whose it is, where several people's are shown. */
  who: string | null;
}

/** What may be done about a job now, by people who may. */
export type JobAction = "cancel" | "retry";

export function isOver({ status }: Pick<Job, "status">): boolean {
  return status !== "queued" && status !== "running";
}

/** The word of an action in the state that a job is in. */
export function retryWord({ status, wait }: JobView): string {
  if (isOver({ status })) return status === "completed" ? "Run again" : "Retry";
  return wait?.why === "later" ? "Run now" : "Try now";
}

/** Whether a retry makes sense: not while it runs, nor when it would begin now anyway. */
export function mayRetry({ status, wait }: JobView): boolean {
  if (status === "queued") {
    return wait?.why === "later" || wait?.why === "retry";
  }
  return status === "dead" || status === "cancelled";
}

export function mayCancel({ status }: JobView): boolean {
  return status === "queued" || status === "running";
}
