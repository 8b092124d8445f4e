/** `workspace.export`: what the asker has in their workspace, as one archive. */
import * as z from "zod";
import {
  auditCaller,
  type FindStanding,
  jobCaller,
} from "@/lib/auth/job_caller.ts";
import { by } from "@/lib/audit/audit_event.ts";
import type { Users } from "@/lib/auth/users.ts";
import type { Workspaces } from "@/lib/auth/workspaces.ts";
import type {
  ExportSubject,
  PersonalExport,
} from "@/lib/personal_data/personal_export.ts";
import type { User } from "@/lib/shared/wire.ts";
import { type JobContext, type JobKind, JobRefusal } from "../job_kind.ts";
import { exportFile, type ExportFileParts } from "./export_file.ts";

const inputSchema = z.strictObject({});

type Input = z.output<typeof inputSchema>;

const HOUR_MS = 60 * 60_000;
const USERS_PER_PAGE = 50;

export interface WorkspaceExportParts extends ExportFileParts {
  exports: PersonalExport;
  users: Pick<Users, "require" | "list">;
  workspaces: Pick<Workspaces, "find">;
  find: FindStanding;
}

const LIMITS = {
  input: inputSchema,
  notifies: true,
  isPublic: true,
  priority: "normal",
  maxAttempts: 3,
  deadlineMs: HOUR_MS,
  perProcess: 2,
  perWorkspace: 1,
} as const;

export function workspaceExport(parts: WorkspaceExportParts): JobKind<Input> {
  return {
    ...LIMITS,
    kind: "workspace.export",
    describe: () => "Export of all you have in the workspace",
    async handle(context) {
      const { caller, workspace } = await asker(parts, context, "member");
      const user = await parts.users.require(workspace.id, caller.user);
      const { name, archive } = await parts.exports.begin(
        subjectOf(workspace, user),
        by(caller),
        context.signal,
      );
      return await exportFile(parts, context, {
        name,
        mediaType: "application/zip",
        bytes: archive,
        text: () => `All you have in ${workspace.name}.`,
      });
    },
  };
}

/** `members.export`: what everyone has in a workspace, as one archive, for its admins. */
export function membersExport(parts: WorkspaceExportParts): JobKind<Input> {
  return {
    ...LIMITS,
    kind: "members.export",
    needs: "admin",
    describe: () => "Export of all that people have in the workspace",
    async handle(context) {
      const { caller, workspace } = await asker(parts, context, "admin");
      const { name, archive } = parts.exports.beginAll(
        subjectsIn(workspace, parts),
        by(caller),
        workspace.id,
        context.signal,
      );
      return await exportFile(parts, context, {
        name,
        mediaType: "application/zip",
        bytes: archive,
        text: () => `All that people have in ${workspace.name}.`,
      });
    },
  };
}

interface NamedWorkspace {
  id: string;
  name: string;
}

async function asker(
  { find, workspaces }: WorkspaceExportParts,
  context: JobContext<Input>,
  need: "member" | "admin",
) {
  const found = await jobCaller(context, need, find);
  const workspace = found && await workspaces.find(found.workspace);
  if (found === null || workspace === null) {
    throw new JobRefusal("Nobody has asked for it");
  }
  return { caller: auditCaller(found, context.askedBy), workspace };
}

function subjectOf(
  { id, name }: NamedWorkspace,
  user: User,
): ExportSubject {
  const { email, role } = user;
  return {
    workspace: { id, name },
    user: { id: user.id, email, name: user.name, role },
  };
}

async function* subjectsIn(
  workspace: NamedWorkspace,
  { users }: WorkspaceExportParts,
): AsyncGenerator<ExportSubject, void, void> {
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<Users["list"]>> = await users.list(
      workspace.id,
      { limit: USERS_PER_PAGE, cursor },
    );
    for (const user of page.items) yield subjectOf(workspace, user);
    cursor = page.nextCursor;
  } while (cursor !== null);
}
