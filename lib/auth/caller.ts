/** Who makes a request, and what is theirs. */
import type { ApiKeyBudget, ApiKeyLimits } from "./api_key_limits.ts";
import { isAtLeast, type Role } from "./roles.ts";

/** How people get in; the setting `FRESHET_AUTH`. */
export type AuthMode = "local" | "password" | "oidc";

/** What an API key may be used for. */
export type KeyScope = "v1" | "api" | "metrics" | "admin";

/** An API key as a request shows it. */
export interface CallerKey {
  /** `key_` id. */
  id: string;
  scopes: readonly KeyScope[];
  /** Models it may ask, as callers name them; null: all. */
  models: readonly string[] | null;
  /** Endpoints under `/v1` it may call, such as `chat/completions`; null: all. */
  endpoints: readonly string[] | null;
  /** It may only read. */
  isReadOnly: boolean;
  /** Limits and a budget of its own, which hold besides those of policies; absent or null: none. */
  limits?: ApiKeyLimits | null;
  budget?: ApiKeyBudget | null;
}

/** Who makes a request. */
export interface Caller {
  mode: AuthMode;
  /** `wsp_` id of the workspace the request acts in. */
  workspace: string;
  /** `usr_` id. */
  user: string;
  /** What the user may do in this workspace. */
  role: Role;
  /** An owner or admin of the first workspace, who runs this server. */
  isOperator: boolean;
  /** Ids of the groups of this workspace that the user is in. */
  groups: readonly string[];
  /** The key that made the request, or null: a session, or local mode. */
  key: CallerKey | null;
  /** Id of the session (never its token), or null: a key, or local mode. */
  session: string | null;
  /** Address of the client as `TRUSTED_PROXIES` lets it be known. */
  address: string;
}

/** Workspace of local mode, and the first one of any store. */
export const FIRST_WORKSPACE = "wsp_0000000000000000000000";

/** The one user of local mode, and the first owner of any store. */
export const FIRST_USER = "usr_0000000000000000000000";

/**
 * A space is the first part of every key of a tenant's data. What belongs to a workspace as a whole (its
 * ledger, cache, limits) is in the space named as the workspace; everything a user has (threads, answers,
 * projects, tags, tasks) in a space of their own, so that no query of one user can meet rows of another.
 */
export type Space = string;

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

/** Whether a caller may do what takes a role: by that role, and a key also by its scope. */
export function mayActAs(caller: Caller, role: Role): boolean {
  if (!isAtLeast(caller.role, role)) return false;
  if (caller.key === null) return true;
  if (caller.key.isReadOnly && role !== "viewer") return false;
  return role === "admin" || role === "owner"
    ? caller.key.scopes.includes("admin")
    : true;
}
