/** What the rest of the program hears about threads. */
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { ThreadRecord } from "./records.ts";

export type ThreadVerb =
  | "created"
  | "updated"
  | "deleted"
  | "restored"
  | "purged";

/**
 * Adds `thread.<verb>` to a unit, about the thread's id. Nobody hears of temporary threads.
 * @param data `{fields}` for `updated`: names of the fields that have changed
 */
export function addThreadEvent(
  unit: UnitOfWork,
  space: string,
  thread: Pick<ThreadRecord, "id" | "temporary">,
  verb: ThreadVerb,
  atMs: number,
  data: Record<string, unknown> = {},
): void {
  if (thread.temporary === true) return;
  unit.event(space, {
    type: `thread.${verb}`,
    at: atMs,
    subject: thread.id,
    data,
  });
}
