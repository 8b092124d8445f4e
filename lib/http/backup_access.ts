/** What people do with backups, on their page and over the API; the audit log knows of it first. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import type { Backups } from "@/lib/backups/backups.ts";
import { AppError } from "@/lib/errors.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { Job } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";

/** @throws {AppError} 409 `backup_elsewhere` where this server makes none */
export function requireBackups({ refusal }: Pick<Backups, "refusal">): void {
  if (refusal === null) return;
  throw new AppError({
    status: 409,
    code: "backup_elsewhere",
    message: refusal,
  });
}

/** @throws {AppError} 404 `not_found` */
export async function removeBackup(
  { caller, services: { auditLog, backups } }: State,
  id: string,
): Promise<void> {
  const { name } = await backups.requireFile(id);
  await auditLog.record(
    FIRST_WORKSPACE,
    auditEvent("data.deleted", {
      ...by(caller),
      subject: name,
      details: { kind: "backup", count: 1 },
    }),
  );
  await backups.remove(id);
}

/**
 * Begins to check a backup; one that is being checked is not checked twice at a time.
 * @throws {AppError} 404 `not_found`
 */
export async function checkBackupLater(
  { caller, services: { backups, jobs }, space }: State,
  id: string,
): Promise<Job> {
  await backups.requireFile(id);
  const { job } = await jobs.enqueue(space, {
    kind: "backup.check",
    input: { backupId: id },
    dedupKey: id,
    askedBy: storedCaller(caller),
  });
  return job;
}
