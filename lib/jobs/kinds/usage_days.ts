/** Goes through the days of usage of one workspace or all, from where an earlier attempt ended. */
import * as z from "zod";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { JobContext } from "@/lib/jobs/job_kind.ts";
import type { UsageCheck } from "@/lib/usage/usage_check.ts";
import type { UsageUpkeep } from "@/lib/usage/usage_upkeep_store.ts";

export const usageDaysSchema = z.strictObject({
  scope: z.enum(["workspace", "server"], {
    error: "must be workspace or server",
  }).default("workspace"),
});

export type UsageDaysInput = z.output<typeof usageDaysSchema>;

export interface UsageDaysParts {
  check: UsageCheck;
  upkeep: UsageUpkeep;
}

/** Calls back with each day that is left; a day that was begun only is given again. */
export async function eachDay(
  { check, upkeep }: UsageDaysParts,
  { id, space, input, signal, progress }: JobContext<UsageDaysInput>,
  work: (space: string, dayMs: number) => Promise<void>,
): Promise<void> {
  const workspaces = input.scope === "server"
    ? await upkeep.workspaces(signal)
    : [workspaceOf(space)];
  const done = await upkeep.place(id, signal);
  for (const [place, workspace] of workspaces.entries()) {
    if (done !== null && workspace < done.space) continue;
    const days = (await check.days(workspace, signal)).filter((dayMs) =>
      workspace !== done?.space || dayMs > done.dayMs
    );
    for (const [number, dayMs] of days.entries()) {
      signal.throwIfAborted();
      progress(
        (place + number / days.length) / workspaces.length,
        new Date(dayMs).toISOString().slice(0, 10),
      );
      await work(workspace, dayMs);
      await upkeep.keepPlace(id, { space: workspace, dayMs }, signal);
    }
  }
}
