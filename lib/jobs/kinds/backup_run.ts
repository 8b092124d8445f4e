/** `backup.run`: makes a backup of the store. By a schedule it also removes the oldest that schedules have made. */
import * as z from "zod";
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import type { Backups } from "@/lib/backups/backups.ts";
import type { BackupStore } from "@/lib/backups/backup_store.ts";
import { AppError } from "@/lib/errors.ts";
import {
  type JobContext,
  JobDelay,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { formatBytes } from "@/lib/shared/jobs/job_words.ts";

const MOST_KEPT = 365;

export const backupInputSchema = z.strictObject({
  /** How many that schedules have made are kept; without it this one is kept until somebody deletes it. */
  keep: z.int({ error: `must be a whole number from 1 to ${MOST_KEPT}` })
    .min(1).max(MOST_KEPT).optional(),
});

type BackupInput = z.output<typeof backupInputSchema>;

export interface BackupRunParts {
  backups: Pick<Backups, "refusal" | "make" | "prune">;
  store: BackupStore;
  find: FindStanding;
}

const HOUR_MS = 60 * 60_000;
/** How long it leaves the folder to a backup that is being made, in milliseconds. */
const WAIT_MS = 10_000;

export class BackupRun implements JobKind<BackupInput> {
  readonly kind = "backup.run";
  readonly input = backupInputSchema;
  /** Its failure is told to admins in any case; that each night went well is no news. */
  readonly notifies = false;
  readonly isPublic = true;
  readonly needs = "operator";
  readonly priority = "normal";
  readonly maxAttempts = 3;
  readonly deadlineMs = 6 * HOUR_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #parts: BackupRunParts;

  constructor(parts: BackupRunParts) {
    this.#parts = parts;
  }

  describe(): string {
    return "Backup of the store";
  }

  async handle(context: JobContext<BackupInput>): Promise<JobOutcome> {
    const { input: { keep }, signal, progress, log } = context;
    const { backups, store, find } = this.#parts;
    await jobCaller(context, "operator", find);
    if (backups.refusal !== null) throw new JobRefusal(backups.refusal);
    const origin = keep === undefined ? "person" : "schedule";
    const made = await backups.make(
      origin,
      signal,
      (value) => progress(value, "Copies the store and reads the copy"),
    ).catch((error) => {
      if (error instanceof AppError && error.code === "backup_running") {
        throw new JobDelay(error.message, WAIT_MS, false);
      }
      throw error;
    });
    const { manifest: { threads, messages }, name, bytes } = made;
    log.info("Backup made", { name, bytes });
    const removed = keep === undefined ? [] : await backups.prune(keep, signal);
    const holds = `${formatPlural(threads, "thread")} and ${
      formatPlural(messages, "message")
    }`;
    return {
      effects: store.made(made),
      result: {
        text: `${name}: ${formatBytes(bytes)} with ${holds}.${
          removed.length === 0
            ? ""
            : ` ${formatPlural(removed.length, "older backup")} removed.`
        }`,
        backupId: made.id,
        name,
        bytes,
        removed,
      },
    };
  }
}
