/** Roles of a workspace: each may all that the ones before it may. */
export const ROLES = ["viewer", "member", "admin", "owner"] as const;

/**
 * `viewer` reads, `member` asks and edits what is their own, `admin` runs the workspace (people, keys,
 * limits, usage), `owner` also makes and unmakes admins and owners and deletes the workspace.
 */
export type Role = typeof ROLES[number];

/** Whether a role may all that the least one may. */
export function isAtLeast(role: Role, least: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(least);
}
