/** Builds backups, and the schedule that makes them. */
import type { AccessChanges } from "@/lib/auth/access_changes.ts";
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import { Standings } from "@/lib/auth/standings.ts";
import type { Users } from "@/lib/auth/users.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import { BackupCheckKind } from "@/lib/jobs/kinds/backup_check.ts";
import { BackupRun } from "@/lib/jobs/kinds/backup_run.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Schedules } from "@/lib/schedules/schedules.ts";
import { BackupStore } from "./backup_store.ts";
import { Backups } from "./backups.ts";
import { findSecretId } from "./secret_id.ts";

export interface BackupParts {
  store: ConstructorParameters<typeof BackupStore>[0];
  config: { secret: string | null; dataDir: string };
  users: Pick<Users, "caller">;
  accessChanges: AccessChanges;
  jobKinds: JobKinds;
  log: Logger;
}

export interface BackupServices {
  backups: Backups;
}

/** Id of the program's own schedule; the same in every store. */
export const BACKUP_SCHEDULE_ID = "sch_0000000000000000backup";

/** How many the schedule keeps, unless somebody changes it. */
const KEPT = 7;

export function buildBackups(
  { store, config, users, accessChanges, jobKinds, log }: BackupParts,
): BackupServices {
  const standings = new Standings(
    (user, workspace) => users.caller(user, workspace),
    store.clock,
  );
  accessChanges.subscribe((change) => standings.changed(change));
  const find: FindStanding = (user, workspace) =>
    standings.find(user, workspace);
  const backupStore = new BackupStore(store);
  const backups = new Backups({
    place: store,
    store: backupStore,
    secretId: () => findSecretId(config),
    log,
  });
  jobKinds.add(new BackupRun({ backups, store: backupStore, find }));
  jobKinds.add(new BackupCheckKind({ backups, store: backupStore, find }));
  return { backups };
}

/** Makes sure that a store that is a file is backed up each night. */
export async function ensureBackups(
  backups: Backups,
  schedules: Schedules,
): Promise<void> {
  if (backups.refusal !== null) return;
  await schedules.ensureProgram(BACKUP_SCHEDULE_ID, {
    name: "Back up the store",
    cron: "47 2 * * *",
    target: { type: "job", kind: "backup.run", input: { keep: KEPT } },
  });
}
