/** Lets people have threads, and all that they have, as files. */
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import type { Users } from "@/lib/auth/users.ts";
import type { Workspaces } from "@/lib/auth/workspaces.ts";
import type { Clock } from "@/lib/clock.ts";
import type { Files } from "@/lib/files/files.ts";
import type { PersonalData } from "@/lib/personal_data/build_personal_data.ts";
import type { JobKinds } from "../job_kind.ts";
import { threadExport } from "./thread_export.ts";
import { membersExport, workspaceExport } from "./workspace_export.ts";

export interface BuildExportsParts {
  store: { clock: Clock };
  files: Files;
  jobKinds: JobKinds;
  personalData: Pick<PersonalData, "exports" | "threadExport">;
  users: Users;
  workspaces: Workspaces;
}

export function buildExports(
  { store, files, jobKinds, personalData, users, workspaces }:
    BuildExportsParts,
): void {
  const find: FindStanding = (user, workspace) => users.caller(user, workspace);
  const parts = {
    files,
    now: () => store.clock.now(),
    exports: personalData.exports,
    users,
    workspaces,
    find,
  };
  jobKinds.add(threadExport(personalData.threadExport, parts));
  jobKinds.add(workspaceExport(parts));
  jobKinds.add(membersExport(parts));
}
