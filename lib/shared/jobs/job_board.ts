/** The page of somebody's jobs, as the server makes it and the browser keeps it up to date. */
import type { Job } from "@/lib/shared/wire.ts";
import type { JobView } from "./job_view.ts";

export const JOB_TABS = ["now", "finished"] as const;

export type JobTab = typeof JOB_TABS[number];

/** States by which the finished jobs may be narrowed. */
export const FINISHED_STATUSES = [
  "completed",
  "dead",
  "cancelled",
] as const satisfies readonly Job["status"][];

export type SectionName = "running" | "waiting" | "failed" | "lately" | "list";

export interface JobSection {
  name: SectionName;
  jobs: JobView[];
  /** Whether there are more than are shown. */
  isCut: boolean;
}

export interface JobBoard {
  tab: JobTab;
  /** Narrowed to, on the tab of finished ones. */
  status: typeof FINISHED_STATUSES[number] | null;
  sections: JobSection[];
  /** How many there are, counted up to `MOST_COUNTED`. */
  counts: Record<JobTab, BoundedCount>;
  nextCursor: string | null;
  /** Time of the server when it was made, milliseconds since 1970 UTC. */
  nowMs: number;
}

/** A count that was not gone on with when there was enough, or too much to look through. */
export interface BoundedCount {
  count: number;
  /** Whether there may be more. */
  isMore: boolean;
}

/** Counts go up to here. */
export const MOST_COUNTED = 200;

/** Address of a board, with what it is narrowed to. */
export function boardPath(
  tab: JobTab,
  status: string | null = null,
  cursor: string | null = null,
): string {
  const query = new URLSearchParams();
  if (tab !== "now") query.set("tab", tab);
  if (status !== null) query.set("status", status);
  if (cursor !== null) query.set("cursor", cursor);
  return query.size === 0 ? "/jobs" : `/jobs?${query}`;
}
