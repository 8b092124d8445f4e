/** Who asks a model, and so who pays for the answer. */
import type { Caller } from "./caller.ts";
import type { Role } from "./roles.ts";
import { LOCAL_SPACE, userOf, workspaceOf } from "@/lib/shared/spaces.ts";

/** Who asks a model: what limits, budgets, the cache and the ledger know them by. */
export interface Asker {
  workspace: string;
  /** Null: nobody in particular, as for a run that an earlier version has begun. */
  user: string | null;
  /** API key; null for a session. */
  key: string | null;
  /** Models that the key may ask; absent or null: all. */
  models?: readonly string[] | null;
  /** Role of the user when they asked; absent or null: it has to be looked up. */
  role?: Role | null;
  /** Groups that the user was in when they asked. */
  groups: readonly string[];
  /** Address that the request came from; null when none did. */
  address: string | null;
}

export function askerFrom(
  { workspace, user, key, role, groups, address }: Caller,
): Asker {
  return {
    workspace,
    user,
    key: key?.id ?? null,
    models: key?.models ?? null,
    role,
    groups,
    address,
  };
}

/** What a run keeps of who asked, so that whoever begins it again charges the same. */
export type AskedBy = Pick<Asker, "user" | "key" | "groups">;

export function askedBy({ user, key, groups }: Asker): AskedBy {
  return { user, key, groups };
}

/** Who asked for what is in a space. */
export function askerIn(space: string, by: AskedBy | undefined): Asker {
  return {
    workspace: workspaceOf(space),
    user: by?.user ?? userOf(space),
    key: by?.key ?? null,
    groups: by?.groups ?? [],
    address: null,
  };
}

/** The owner of local mode, who asks in a page. */
export const LOCAL_ASKER: Asker = askerIn(LOCAL_SPACE, undefined);
