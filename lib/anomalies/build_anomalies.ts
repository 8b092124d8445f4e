/** Builds what looks for what is not as usual, and the program's own schedules of it. */
import type { AccessChanges } from "@/lib/auth/access_changes.ts";
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import { Standings } from "@/lib/auth/standings.ts";
import type { Users } from "@/lib/auth/users.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import { AnomalyDetect } from "@/lib/jobs/kinds/anomaly_detect.ts";
import { AnomalyFit } from "@/lib/jobs/kinds/anomaly_fit.ts";
import { AnomalyScan } from "@/lib/jobs/kinds/anomaly_scan.ts";
import type { Schedules } from "@/lib/schedules/schedules.ts";
import type { UsageQuery } from "@/lib/usage/usage_query.ts";
import { AnomalyStore } from "./anomaly_store.ts";
import { UsageAnomalies } from "./usage_anomalies.ts";

type Store = ConstructorParameters<typeof AnomalyStore>[0];

export interface AnomalyParts {
  store: Store;
  users: Pick<Users, "caller">;
  accessChanges: AccessChanges;
  usage: { query: Pick<UsageQuery, "ask"> };
  files: Files;
  jobKinds: JobKinds;
}

export interface AnomalyServices {
  /** What is not as usual in the usage of workspaces. */
  usageAnomalies: UsageAnomalies;
}

export function buildAnomalies(
  { store, users, accessChanges, usage, files, jobKinds }: AnomalyParts,
): AnomalyServices {
  const standings = new Standings(
    (user, workspace) => users.caller(user, workspace),
    store.clock,
  );
  accessChanges.subscribe((change) => standings.changed(change));
  const find: FindStanding = (user, workspace) =>
    standings.find(user, workspace);
  const usageAnomalies = new UsageAnomalies({
    store: new AnomalyStore(store),
    query: usage.query,
  });
  jobKinds.add(new AnomalyDetect(files));
  jobKinds.add(new AnomalyFit(usageAnomalies, find));
  jobKinds.add(new AnomalyScan(usageAnomalies, find));
  return { usageAnomalies };
}

/** Ids of the program's own schedules; the same in every store. */
const FIT_ID = "sch_000000000000anomalyFit";
const SCAN_ID = "sch_00000000000anomalyScan";

/** Makes sure of them: each night is learnt what is usual, each hour is looked at soon after its end. */
export async function ensureAnomalies(schedules: Schedules): Promise<void> {
  await schedules.ensureProgram(FIT_ID, {
    name: "Learn what is usual in usage",
    cron: "47 2 * * *",
    target: { type: "job", kind: "anomaly.fit", input: {} },
  });
  await schedules.ensureProgram(SCAN_ID, {
    name: "Look for anomalies in usage",
    cron: "7 * * * *",
    target: { type: "job", kind: "anomaly.scan", input: {} },
  });
}
