/** Rows that count jobs, and what an event adds to them. */
import type { Versioned } from "@/lib/kv/store.ts";
import type { JobStatus } from "./job_record.ts";
import type { JobEventData } from "./job_rows.ts";

/** How many jobs there are, by status. */
export type StatusCounts = Record<JobStatus, number>;

/** What became of jobs in a minute, or in several. */
export interface JobFlow {
  /** Jobs that were asked for, or begun anew. */
  queued: number;
  started: number;
  completed: number;
  /** Attempts that failed and are followed by another. */
  failed: number;
  dead: number;
  cancelled: number;
  /** How long those that were started had waited since they were due, by `BOUNDS_MS`. */
  waited: number[];
  /** How long the attempts took that ended, by `BOUNDS_MS`. */
  took: number[];
}

/** Upper bounds of the durations that are counted, in milliseconds; the last is without one. */
export const BOUNDS_MS = [
  2,
  5,
  10,
  25,
  50,
  100,
  250,
  500,
  1_000,
  2_500,
  5_000,
  10_000,
  30_000,
  60_000,
  300_000,
  900_000,
  3_600_000,
  Infinity,
] as const;

/** Jobs of a workspace, or of all (`jobCountKey`), by kind. */
export interface JobCountsRow extends Versioned {
  readonly v: 1;
  /** The count that it belongs to; see `jobCountKey`. */
  readonly count: string;
  readonly kinds: Readonly<Record<string, StatusCounts>>;
}

export interface JobMinuteRow extends Versioned {
  readonly v: 1;
  readonly kinds: Readonly<Record<string, JobFlow>>;
}

export function noCounts(): StatusCounts {
  return { queued: 0, running: 0, completed: 0, dead: 0, cancelled: 0 };
}

export function noFlow(): JobFlow {
  const none = () => BOUNDS_MS.map(() => 0);
  return {
    queued: 0,
    started: 0,
    completed: 0,
    failed: 0,
    dead: 0,
    cancelled: 0,
    waited: none(),
    took: none(),
  };
}

/** Counts a change of a job's status; what never was counted is not taken away. */
export function countChange(
  counts: StatusCounts,
  verb: string,
  { before, status }: Pick<JobEventData, "before" | "status">,
): void {
  const after = verb === "removed" ? null : status;
  if (before === after) return;
  if (before !== null) counts[before] = Math.max(counts[before] - 1, 0);
  if (after !== null) counts[after] += 1;
}

/** Counts what happened to a job. */
export function addToFlow(
  flow: JobFlow,
  verb: string,
  { waitedMs, tookMs }: Pick<JobEventData, "waitedMs" | "tookMs">,
): void {
  if (isCounted(verb)) flow[verb] += 1;
  if (waitedMs !== null) flow.waited[boundOf(waitedMs)] += 1;
  if (tookMs !== null) flow.took[boundOf(tookMs)] += 1;
}

/** What two flows come to together. */
export function addFlows(left: JobFlow, right: JobFlow): JobFlow {
  const sum = (one: readonly number[], other: readonly number[]) =>
    one.map((value, place) => value + (other[place] ?? 0));
  return {
    queued: left.queued + right.queued,
    started: left.started + right.started,
    completed: left.completed + right.completed,
    failed: left.failed + right.failed,
    dead: left.dead + right.dead,
    cancelled: left.cancelled + right.cancelled,
    waited: sum(left.waited, right.waited),
    took: sum(left.took, right.took),
  };
}

/**
 * The duration that a share of all does not exceed, rounded up to one of the bounds, in milliseconds; null
 * without any. Beyond the last bound it is infinite.
 */
export function quantileOf(
  counts: readonly number[],
  share: number,
): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  let left = Math.max(Math.ceil(share * total), 1);
  for (const [place, count] of counts.entries()) {
    left -= count;
    if (left <= 0) return BOUNDS_MS[place];
  }
  return Infinity;
}

const COUNTED = [
  "queued",
  "started",
  "completed",
  "failed",
  "dead",
  "cancelled",
] as const;

function isCounted(verb: string): verb is typeof COUNTED[number] {
  return (COUNTED as readonly string[]).includes(verb);
}

function boundOf(ms: number): number {
  return BOUNDS_MS.findIndex((bound) => ms <= bound);
}
