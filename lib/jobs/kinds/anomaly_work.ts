/** Does something for a workspace, or, where the program itself asks for it, for each. */
import { type FindStanding, jobCaller } from "@/lib/auth/job_caller.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { JobContext } from "../job_kind.ts";

export interface WorkspaceWork<Done> {
  find: FindStanding;
  workspaces: (signal: AbortSignal) => Promise<string[]>;
  /** Of one workspace. */
  work: (workspace: string, signal: AbortSignal) => Promise<Done>;
}

/**
 * What came of it, and how many workspaces it failed for, which keeps others from nothing.
 * @throws {JobRefusal} when who asked is no admin
 * @throws {Error} when it failed for all of them
 */
export async function workForWorkspaces<Done>(
  context: JobContext<unknown>,
  { find, workspaces, work }: WorkspaceWork<Done>,
): Promise<{ done: Done[]; failed: number }> {
  const { space, signal, progress, log } = context;
  const caller = await jobCaller(context, "admin", find);
  const wanted = caller === null
    ? await workspaces(signal)
    : [workspaceOf(space)];
  const done: Done[] = [];
  for (const [place, workspace] of wanted.entries()) {
    progress(place / wanted.length);
    try {
      done.push(await work(workspace, signal));
    } catch (error) {
      signal.throwIfAborted();
      log.warn("A workspace could not be looked at", { workspace, error });
    }
  }
  const failed = wanted.length - done.length;
  if (failed > 0 && done.length === 0) {
    throw new Error("No workspace could be looked at");
  }
  return { done, failed };
}
