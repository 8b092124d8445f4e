/** The page of all jobs of a workspace, as the server makes it and the browser keeps it up to date. */
import type { Job } from "@/lib/shared/wire.ts";
import type { JobView } from "./job_view.ts";

/** Spans of time of some jobs, in milliseconds; null: none were measured. */
export interface JobSpans {
  p50: number | null;
  p95: number | null;
}

/** How one kind of jobs does. */
export interface KindView {
  kind: string;
  isPaused: boolean;
  waiting: number;
  running: number;
  /** Of the last hour. */
  completed: number;
  dead: number;
  /** From being due to the beginning. */
  waitMs: JobSpans;
  /** From the beginning of an attempt to its end. */
  runMs: JobSpans;
  /** Since when the one waits that is due longest, RFC 3339; null: none waits. */
  oldestDueAt: string | null;
}

/** A process that does jobs. */
export interface WorkerView {
  id: string;
  running: number;
  places: number;
  startedAt: string;
  seenAt: string;
}

export interface AdminJobs {
  filter: { status: Job["status"] | null; kind: string | null };
  kinds: KindView[];
  /** Null: the viewer does not run the server. */
  workers: WorkerView[] | null;
  /** Jobs of the filter. */
  jobs: JobView[];
  nextCursor: string | null;
  nowMs: number;
}
