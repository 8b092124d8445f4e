/** Whoever asked for a job, looked up when it is done: they may be here no longer, or be less than they were. */
import type { WorkspaceCaller } from "@/lib/audit/audit_event.ts";
import { JobRefusal } from "@/lib/jobs/job_kind.ts";
import type { JobAsker } from "@/lib/jobs/job_record.ts";
import { FIRST_WORKSPACE, userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import type { Standing } from "./records.ts";
import { isAtLeast } from "./roles.ts";

/** What a user may do in a workspace; null: nothing. */
export type FindStanding = (
  user: string,
  workspace: string,
) => Promise<Standing | null>;

/** What a kind of job demands of who asked. */
export type JobNeed = "member" | "admin" | "operator";

/**
 * Who asked for a job, as far as anybody did; null: the program itself, by a schedule of its own.
 * @throws {JobRefusal} when they may not have it done
 */
export async function jobCaller(
  { space, askedBy }: { space: string; askedBy: JobAsker | null },
  need: JobNeed,
  find: FindStanding,
): Promise<{ user: string; workspace: string; standing: Standing } | null> {
  const user = askedBy?.user ?? userOf(space);
  const workspace = workspaceOf(space);
  if (user === null) return null;
  const standing = await find(user, workspace);
  if (standing !== null && isEnough(standing, workspace, need)) {
    return { user, workspace, standing };
  }
  throw new JobRefusal(
    need === "operator"
      ? "Whoever asked for it is no admin of the server"
      : need === "admin"
      ? "Whoever asked for it is no admin of the workspace"
      : "Whoever asked for it may do nothing in the workspace any more",
  );
}

function isEnough(
  { role, isOperator }: Standing,
  workspace: string,
  need: JobNeed,
): boolean {
  if (!isAtLeast(role, need === "member" ? "member" : "admin")) return false;
  return need !== "operator" || isOperator || workspace === FIRST_WORKSPACE;
}

/** The same as the audit log tells of them. */
export function auditCaller(
  { user, workspace }: { user: string; workspace: string },
  askedBy: JobAsker | null,
): WorkspaceCaller {
  return {
    workspace,
    user,
    key: askedBy === null || askedBy.key === null ? null : { id: askedBy.key },
    address: askedBy?.address ?? "",
  };
}
