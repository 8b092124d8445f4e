/** What people had in a workspace goes when it is deleted. */
import { userOf } from "@/lib/shared/spaces.ts";
import type { ErasureStore } from "./erasure_store.ts";
import type { RetentionStore } from "./retention_store.ts";

/**
 * Orders the erasure of all that is left of people in deleted workspaces. Safe in several processes at
 * once, and as often as one likes: where nothing is left nothing is ordered.
 * @returns how many were ordered
 */
export async function orderWorkspaceErasures(
  retention: RetentionStore,
  orders: ErasureStore,
  signal: AbortSignal,
): Promise<number> {
  let ordered = 0;
  for await (const workspace of retention.deleted(signal)) {
    for await (const space of retention.userSpaces(workspace, signal)) {
      const user = userOf(space);
      if (user === null || await orders.isOrdered(workspace, user)) continue;
      await orders.orderNow(workspace, user, "workspace", { actor: null });
      ordered += 1;
    }
  }
  return ordered;
}
