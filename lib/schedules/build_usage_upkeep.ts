/** Builds what looks after the sums of usage: the check of each night, and what makes them anew. */
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import type { Clock } from "@/lib/clock.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { UsageCheckKind } from "@/lib/jobs/kinds/usage_check.ts";
import { UsageRebuild } from "@/lib/jobs/kinds/usage_rebuild.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { UsageServices } from "@/lib/usage/build_usage.ts";
import type { Schedules } from "./schedules.ts";

/** Id of the program's own schedule; the same in every store. */
const CHECK_ID = "sch_000000000000usageCheck";

/** How long the look at the start may take, in milliseconds. */
const LOOK_MS = 30_000;

export function buildUsageUpkeep(
  { usage: { check, upkeep }, jobKinds, find, clock }: {
    usage: UsageServices;
    jobKinds: JobKinds;
    find: FindStanding;
    clock: Clock;
  },
): void {
  jobKinds.add(new UsageRebuild({ check, upkeep }, find));
  jobKinds.add(
    new UsageCheckKind({ check, upkeep, now: () => clock.now() }, find),
  );
}

/**
 * Makes sure that sums are checked each night, and that those of a store are made whose ledger was written
 * before there were any: once, by a job that goes on where it was.
 */
export async function ensureUsageUpkeep(
  { check, upkeep }: Pick<UsageServices, "check" | "upkeep">,
  jobs: Pick<Jobs, "enqueue">,
  schedules: Schedules,
): Promise<void> {
  await schedules.ensureProgram(CHECK_ID, {
    name: "Compare usage with the ledger",
    cron: "41 3 * * *",
    target: { type: "job", kind: "usage.check", input: { scope: "server" } },
  });
  const signal = AbortSignal.timeout(LOOK_MS);
  if (await upkeep.isWhole(signal)) return;
  for (const workspace of await upkeep.workspaces(signal)) {
    if ((await check.days(workspace, signal)).length === 0) continue;
    await jobs.enqueue(FIRST_WORKSPACE, {
      kind: "usage.rebuild",
      input: { scope: "server" },
      dedupKey: "first-sums",
    });
    return;
  }
  await upkeep.setWhole(signal);
}
