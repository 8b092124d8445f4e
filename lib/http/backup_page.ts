/** Loads the page of backups, and does what its forms ask for. */
import * as z from "zod";
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { BACKUP_SCHEDULE_ID } from "@/lib/backups/build_backups.ts";
import { AppError } from "@/lib/errors.ts";
import { backupInputSchema } from "@/lib/jobs/kinds/backup_run.ts";
import type {
  BackupJob,
  BackupPlan,
  BackupsView,
} from "@/lib/shared/backup_view.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { State } from "@/utils.ts";
import {
  checkBackupLater,
  removeBackup,
  requireBackups,
} from "./backup_access.ts";
import { acceptVersion, attemptForm, parseForm } from "./task_form.ts";

/** What was just done, by the query's `done`. */
export const BACKUP_DONE: Readonly<Record<string, string>> = {
  begun: "Backup begun",
  checking: "Check begun",
  deleted: "Backup deleted",
  saved: "Saved",
};

export async function loadBackups(
  state: State,
  signal: AbortSignal,
): Promise<BackupsView> {
  const { services: { backups, config } } = state;
  const [all, plan, job] = await Promise.all([
    backups.list(signal),
    loadPlan(state),
    newestJob(state, signal),
  ]);
  return {
    refusal: backups.refusal,
    backups: all,
    plan,
    job,
    folder: `${config.dataDir}/backups`,
  };
}

async function loadPlan(
  { services: { backups, schedules } }: State,
): Promise<BackupPlan | null> {
  const isThere = backups.refusal === null &&
    await schedules.has(FIRST_WORKSPACE, BACKUP_SCHEDULE_ID);
  if (!isThere) return null;
  const { id, words, timeZone, nextAt, paused, target, version } =
    await schedules.require(FIRST_WORKSPACE, BACKUP_SCHEDULE_ID);
  const input = target.type === "job"
    ? backupInputSchema.safeParse(target.input)
    : null;
  return {
    id,
    words,
    timeZone,
    nextAt,
    isPaused: paused !== null,
    keep: input?.data?.keep ?? 1,
    version,
  };
}

async function newestJob(
  { caller, services: { jobLists } }: State,
  signal: AbortSignal,
): Promise<BackupJob | null> {
  const { records: [job] } = await jobLists.page(
    caller.workspace,
    {
      statuses: ["queued", "running", "completed", "dead", "cancelled"],
      kind: "backup.run",
      before: null,
      limit: 1,
    },
    signal,
  );
  if (job === undefined) return null;
  const { id, status, progress, error } = job;
  if (status === "queued" || status === "running") {
    return { id, state: "under way", message: progress.message };
  }
  return status === "dead"
    ? { id, state: "failed", message: error ?? "" }
    : { id, state: "over", message: "" };
}

/**
 * Does what a form of the page asks for.
 * @returns what was done, by a name of `BACKUP_DONE`
 * @throws {FormRefused} when it cannot be done
 */
export async function actOnBackups(
  state: State,
  form: URLSearchParams,
): Promise<string> {
  const id = form.get("id") ?? "";
  switch (form.get("action")) {
    case "make":
      await attemptForm(form, () => makeLater(state));
      return "begun";
    case "check":
      await attemptForm(form, () => checkBackupLater(state, id));
      return "checking";
    case "delete":
      await attemptForm(form, () => removeBackup(state, id));
      return "deleted";
    case "keep": {
      const { keep } = parseForm(keepSchema, {
        keep: Number(form.get("keep")?.trim() || "none"),
      }, form);
      await attemptForm(form, () => changeKept(state, keep, form));
      return "saved";
    }
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form asks for nothing that is done here.",
  });
}

const keepSchema = z.strictObject({
  keep: backupInputSchema.shape.keep.unwrap(),
});

async function makeLater(
  { caller, services: { backups, jobs }, space }: State,
): Promise<void> {
  requireBackups(backups);
  await jobs.enqueue(space, {
    kind: "backup.run",
    input: {},
    // A button that is pressed twice makes one.
    dedupKey: "page",
    askedBy: storedCaller(caller),
  });
}

async function changeKept(
  { services: { schedules } }: State,
  keep: number,
  form: URLSearchParams,
): Promise<void> {
  await schedules.update(
    FIRST_WORKSPACE,
    BACKUP_SCHEDULE_ID,
    { target: { type: "job", kind: "backup.run", input: { keep } } },
    acceptVersion(form),
  );
}
