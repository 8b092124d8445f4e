/** Builds what tells who may still ask for work that is done later. */
import type { Clock } from "@/lib/clock.ts";
import type { AccessChanges } from "./access_changes.ts";
import { ApiKeyStore } from "./api_key_store.ts";
import type { AuthMode } from "./caller.ts";
import { Standings } from "./standings.ts";
import { StoredCallers } from "./stored_callers.ts";
import type { Users } from "./users.ts";

export interface BuildStoredCallersParts {
  store: ConstructorParameters<typeof ApiKeyStore>[0] & { clock: Clock };
  mode: AuthMode;
  users: Pick<Users, "caller">;
  accessChanges: AccessChanges;
}

export function buildStoredCallers(
  { store, mode, users, accessChanges }: BuildStoredCallersParts,
): StoredCallers {
  const { clock } = store;
  const standings = new Standings(
    (user, workspace) => users.caller(user, workspace),
    clock,
  );
  accessChanges.subscribe((change) => standings.changed(change));
  return new StoredCallers({
    mode,
    keys: new ApiKeyStore(store),
    standings,
    clock,
  });
}
