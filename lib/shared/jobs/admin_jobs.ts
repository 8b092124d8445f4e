/** The page of all jobs of a workspace, as the server makes it and the browser keeps it up to date. */
import type { Job } from "@/lib/shared/wire.ts";
import type { JobView } from "./job_view.ts";

/** How long something took, in milliseconds. */
export interface Spread {
  p50: number;
  p95: number;
}

/** What became of jobs within the hours of the page. */
export interface FlowView {
  started: number;
  completed: number;
  /** Attempts that failed and were followed by another. */
  failed: number;
  dead: number;
  /** From being due to the beginning; null: none began. */
  waitedMs: Spread | null;
  /** Of attempts; null: none ended. */
  tookMs: Spread | null;
}

/** How the jobs of a kind do. */
export interface KindView extends FlowView {
  kind: string;
  isPaused: boolean;
  waiting: number;
  running: number;
}

/** A process that does jobs. */
export interface WorkerView {
  id: string;
  host: string;
  startedAt: string;
  saidAt: string;
  places: number;
  busy: number;
  /** Of these, those of the workspace. */
  here: number;
}

/** Spans over which is counted, in hours. */
export const JOB_HOURS = [1, 24] as const;

export type JobHours = typeof JOB_HOURS[number];

export interface AdminJobsFilter {
  status: Job["status"] | null;
  kind: string | null;
  hours: JobHours;
}

export interface AdminJobsView {
  filter: AdminJobsFilter;
  /** How many jobs there are, by status. */
  counts: Record<Job["status"], number>;
  flow: FlowView;
  /** Ended well in each part of the span, oldest first; and failed. */
  completedSeries: number[];
  failedSeries: number[];
  /** What waits longest of all that could begin; null: nothing does. */
  oldest: { id: string; kind: string; dueAt: string } | null;
  /** Kinds of which there is something to tell, by name. */
  kinds: KindView[];
  /** Names of all kinds. */
  kindNames: string[];
  workers: WorkerView[];
  jobs: JobView[];
  nextCursor: string | null;
  /** Time of the server when it was made, milliseconds since 1970 UTC. */
  nowMs: number;
}

/** The query of a page, with its question mark. */
export function adminJobsQuery(
  { status, kind, hours }: AdminJobsFilter,
  cursor: string | null = null,
): string {
  const query = new URLSearchParams();
  if (status !== null) query.set("status", status);
  if (kind !== null) query.set("kind", kind);
  if (hours !== 1) query.set("hours", String(hours));
  if (cursor !== null) query.set("cursor", cursor);
  return `?${query}`;
}

/** "25 ms", "1.4 s", "3 min 5 s". */
export function formatSpan(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  if (seconds < 59.5) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = minutes / 60;
  return hours < 48
    ? `${hours.toFixed(1)} h`
    : `${Math.round(hours / 24)} days`;
}
