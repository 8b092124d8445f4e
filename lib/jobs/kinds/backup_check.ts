/** `backup.check`: reads all of a backup and tells whether it could be restored. */
import * as z from "zod";
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import type { Backups } from "@/lib/backups/backups.ts";
import type { BackupStore } from "@/lib/backups/backup_store.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";
import { formatPlural } from "@/lib/shared/format.ts";

const MAX_ID_CHARACTERS = 40;

const inputSchema = z.strictObject({
  backupId: z.string().min(1).max(MAX_ID_CHARACTERS),
});

type CheckInput = z.output<typeof inputSchema>;

export interface BackupCheckParts {
  backups: Pick<Backups, "check">;
  store: BackupStore;
  find: FindStanding;
}

const HOUR_MS = 60 * 60_000;

export class BackupCheckKind implements JobKind<CheckInput> {
  readonly kind = "backup.check";
  readonly input = inputSchema;
  readonly notifies = true;
  readonly isPublic = true;
  readonly needs = "operator";
  readonly priority = "normal";
  readonly maxAttempts = 3;
  readonly deadlineMs = 3 * HOUR_MS;
  readonly perProcess = 1;
  readonly perWorkspace = 1;
  readonly #parts: BackupCheckParts;

  constructor(parts: BackupCheckParts) {
    this.#parts = parts;
  }

  describe({ backupId }: CheckInput): string {
    return `Check of backup ${backupId}`;
  }

  /** A backup that is not whole is what it was to find out, so the job ends well; its result says so. */
  async handle(context: JobContext<CheckInput>): Promise<JobOutcome> {
    const { input: { backupId }, signal, progress, log } = context;
    const { backups, store, find } = this.#parts;
    await jobCaller(context, "operator", find);
    const { manifest, faults } = await backups.check(
      backupId,
      signal,
      (value) => progress(value, "Reads all of it"),
    );
    if (faults.length > 0) {
      log.error("Backup is not whole", { backupId, faults });
    }
    return {
      effects: await store.keepCheck(backupId, faults, signal),
      result: {
        text: faults.length > 0 || manifest === null
          ? `It cannot be restored. ${faults.join(". ")}.`
          : `It is whole: ${formatPlural(manifest.rows, "row")}, ${
            formatPlural(manifest.threads, "thread")
          }, ${formatPlural(manifest.messages, "message")}.`,
        isWhole: faults.length === 0,
        faults,
      },
    };
  }
}
