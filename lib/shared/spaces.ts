/**
 * Spaces: the first part of every key of a tenant's data. What belongs to a workspace as a whole (its
 * ledger, cache, limits) is in the space named as the workspace; everything a user has (threads, answers,
 * projects, tags, tasks) in a space of their own, so that no query of one user can meet rows of another.
 */
export type Space = string;

/** Workspace of local mode, and the first one of any store. */
export const FIRST_WORKSPACE = "wsp_0000000000000000000000";

/** The one user of local mode, and the first owner of any store. */
export const FIRST_USER = "usr_0000000000000000000000";

/** What one user has in one workspace. */
export function userSpace(workspace: string, user: string): Space {
  return `${workspace}/${user}`;
}

/** Runs that programs begin under `/v1`, which are their workspace's. */
export function programSpace(workspace: string): Space {
  return `${workspace}/v1`;
}

/** The workspace that a space is part of. */
export function workspaceOf(space: Space): string {
  const slash = space.indexOf("/");
  return slash === -1 ? space : space.slice(0, slash);
}

/** The user whose space it is, or null: it is nobody's alone. */
export function userOf(space: Space): string | null {
  const slash = space.indexOf("/usr_");
  return slash === -1 ? null : space.slice(slash + 1);
}

/** Space of the one owner of local mode. */
export const LOCAL_SPACE: Space = userSpace(FIRST_WORKSPACE, FIRST_USER);
