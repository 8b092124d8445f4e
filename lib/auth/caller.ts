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

/** Whether a caller may do what takes a role: by that role, and a key also by its scope. */
export function mayActAs(caller: Caller, role: Role): boolean {
  if (!isAtLeast(caller.role, role)) return false;
  if (caller.key === null) return true;
  return role === "admin" || role === "owner"
    ? caller.key.scopes.includes("admin")
    : true;
}
