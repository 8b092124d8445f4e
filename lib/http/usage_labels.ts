/** What the values of a dimension of usage are called. */
import type { Services } from "@/lib/services.ts";
import type { UsageDimension } from "@/lib/usage/usage_query.ts";
import type { LabelOf } from "./usage_view.ts";

/** Values that are looked up. */
const MAX_LOOKED_UP = 200;

/** Reads the names of users, keys and groups; other values are their own. */
export async function loadLabels(
  { users, groups, apiKeys }: Services,
  workspace: string,
  dimension: UsageDimension | null,
  keys: readonly string[],
): Promise<LabelOf> {
  const wanted = keys.slice(0, MAX_LOOKED_UP).filter(Boolean);
  const names = new Map<string, string>();
  if (dimension === "user") {
    await Promise.all(wanted.map(async (id) => {
      const account = await users.account(id);
      if (account !== null) {
        names.set(id, account.name || (account.email ?? id));
      }
    }));
  } else if (dimension === "group") {
    for (const { id, name } of await groups.findMany(workspace, wanted)) {
      names.set(id, name);
    }
  } else if (dimension === "key") {
    for (const { id, name } of await apiKeys.named(workspace, wanted)) {
      names.set(id, name);
    }
  }
  return (key) => names.get(key) ?? (key === "" ? "none" : null);
}
