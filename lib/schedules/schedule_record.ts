/** A schedule as the store keeps it. */

/** What is done at each due time. */
export type ScheduleTarget =
  | {
    type: "prompt";
    prompt: string;
    /** Null: that of the thread's project, else the default. */
    model: string | null;
    /** A thread for each answer, or one for all. */
    thread: "new" | "same";
    projectId: string | null;
  }
  | { type: "job"; kind: string; input: unknown };

/**
 * What is made up for after a time in which nothing could begin: `skip` nothing; `once` one job for all due
 * times that were missed.
 */
export type MissedPolicy = "skip" | "once";

/** Who has paused a schedule: its owner, or the program, since it could not go on. */
export interface Pause {
  by: "person" | "program";
  /** A sentence; empty where a person has paused it. */
  reason: string;
  at: string;
}

/** What became of a due time, or of a wish to run at once. */
export interface ScheduleRunRecord {
  readonly v: 1;
  /** `due`: at its time; `manual`: somebody wanted it; `missed`: nothing ran; `crowded`: too many waited. */
  readonly kind: "due" | "manual" | "missed" | "crowded";
  /** When it was due, or asked for; milliseconds since 1970 UTC. */
  readonly at: number;
  /** `job_` id, or null: there is none. */
  readonly job: string | null;
  /** Due times that passed without a job before it; 100 stands for more. */
  readonly missed: number;
  readonly createdAt: string;
  /** Milliseconds since 1970 UTC. */
  readonly expiresAt: number;
}

export interface ScheduleRecord {
  readonly v: 1;
  readonly id: string;
  /** The space of a user, whose rights count, or a workspace: a schedule of the program itself. */
  readonly space: string;
  readonly name: string;
  /** As it was written; `cron_text.ts` reads it. */
  readonly cron: string;
  /** IANA name. */
  readonly timeZone: string;
  readonly missed: MissedPolicy;
  readonly target: ScheduleTarget;
  /** Null: it goes on. */
  readonly paused: Pause | null;
  /** Next due time, milliseconds since 1970 UTC; null: paused, or there is none any more. */
  readonly nextAt: number | null;
  /** Wall clock when `nextAt` was found: later than now, the clock has gone back since. */
  readonly plannedAt: number;
  /** The newest of its history. */
  readonly last: Pick<ScheduleRunRecord, "kind" | "at" | "job"> | null;
  /** Its newest jobs, oldest first. */
  readonly recentJobs: readonly string[];
  /** Thread that holds the answers of a prompt that has one thread for all; null: not made yet. */
  readonly threadId: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly token?: string;
}

/** Whether a schedule is one of the program itself, which admins of its workspace look after. */
export function isProgramSchedule(
  { space }: Pick<ScheduleRecord, "space">,
): boolean {
  return !space.includes("/");
}
