/** Builds what keeps a server in order as jobs: anybody who may can begin them, and schedules do. */
import type { AccessChanges } from "@/lib/auth/access_changes.ts";
import type { FindStanding } from "@/lib/auth/job_caller.ts";
import { buildAudience } from "@/lib/auth/mail_audience.ts";
import { Standings } from "@/lib/auth/standings.ts";
import type { Users } from "@/lib/auth/users.ts";
import type { Workspaces } from "@/lib/auth/workspaces.ts";
import type { Sweeper } from "@/lib/sweeper.ts";
import { ChangeReader } from "@/lib/chat/search/changes.ts";
import { IndexStore } from "@/lib/chat/search/index_store.ts";
import { ScanStore } from "@/lib/chat/search/scan_store.ts";
import { ThreadStore } from "@/lib/chat/thread_store.ts";
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import { ModelsRefresh } from "@/lib/jobs/kinds/models_refresh.ts";
import { PricesImport } from "@/lib/jobs/kinds/prices_import.ts";
import { RetentionRun, type Sweep } from "@/lib/jobs/kinds/retention_run.ts";
import { SearchRebuild } from "@/lib/jobs/kinds/search_rebuild.ts";
import { UsageReportKind } from "@/lib/jobs/kinds/usage_report.ts";
import type { PriceSettings } from "@/lib/limits/price_settings.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import { readAllowList } from "@/lib/net/outgoing_rules.ts";
import type { UsageServices } from "@/lib/usage/build_usage.ts";
import { buildUsageUpkeep } from "./build_usage_upkeep.ts";
import type { Schedules } from "./schedules.ts";

type Store = ConstructorParameters<typeof ThreadStore>[0];

export interface UpkeepParts {
  store: Store;
  owner: { readonly incarnation: { readonly id: string } };
  config: {
    publicUrl: string | null;
    outgoing: { allow: readonly string[] };
  };
  users: Users;
  workspaces: Workspaces;
  accessChanges: AccessChanges;
  models: ModelRegistry;
  priceSettings: PriceSettings;
  usage: UsageServices;
  mailer: Mailer;
  jobKinds: JobKinds;
  oldRuns: Sweeper;
  oldRequests: Sweeper;
  oldAuditEvents: Sweeper;
  openBlobs: Sweeper;
  deletedWorkspaces: Sweeper;
  personalData: { oldThreads: Sweeper };
  oldFiles: Sweeper;
  oldDeliveries: Sweeper;
  oldNotifications: Sweeper;
  oldJobs: Sweeper;
}

/** All that is kept no longer, in words and by who removes it. */
function sweepsOf(parts: UpkeepParts): Sweep[] {
  const sweepers: [string, Sweeper][] = [
    ["threads that workspaces keep no longer", parts.personalData.oldThreads],
    ["ended answers", parts.oldRuns],
    ["ended jobs", parts.oldJobs],
    ["records of requests", parts.oldRequests],
    ["audit events", parts.oldAuditEvents],
    ["files", parts.oldFiles],
    ["deliveries of webhooks", parts.oldDeliveries],
    ["notifications", parts.oldNotifications],
    ["deleted workspaces", parts.deletedWorkspaces],
    ["parts of texts that nothing names", parts.openBlobs],
  ];
  return sweepers.map(([name, sweeper]) => ({
    name,
    sweep: (signal) => sweeper.once(signal),
  }));
}

/** Adds the kinds of upkeep. */
export function buildUpkeep(parts: UpkeepParts): void {
  const { store, owner, config, jobKinds, users } = parts;
  const standings = new Standings(
    (user, workspace) => users.caller(user, workspace),
    store.clock,
  );
  parts.accessChanges.subscribe((change) => standings.changed(change));
  const find: FindStanding = (user, workspace) =>
    standings.find(user, workspace);
  const scan = new ScanStore(store);
  const threads = new ThreadStore(store, () => owner.incarnation.id);
  jobKinds.add(new RetentionRun(sweepsOf(parts), find));
  jobKinds.add(
    new SearchRebuild({
      index: new IndexStore(store),
      reader: new ChangeReader(threads, scan),
      scan,
      find,
    }),
  );
  jobKinds.add(new ModelsRefresh(parts.models, find));
  jobKinds.add(
    new PricesImport({
      prices: parts.priceSettings,
      find,
      outgoing: { allow: readAllowList(config.outgoing.allow) },
    }),
  );
  buildUsageUpkeep({
    usage: parts.usage,
    jobKinds,
    find,
    clock: store.clock,
  });
  jobKinds.add(
    new UsageReportKind({
      usage: parts.usage.query,
      addUp: () => parts.usage.fold.flush(),
      mailer: parts.mailer,
      audience: buildAudience({ ...parts, publicUrl: config.publicUrl }),
      find,
      now: () => store.clock.now(),
    }),
  );
}

/** Id of the program's own schedule; the same in every store. */
const RETENTION_ID = "sch_0000000000000000000001";

/** Makes sure of the schedules that the program has by itself. */
export async function ensureUpkeep(schedules: Schedules): Promise<void> {
  await schedules.ensureProgram(RETENTION_ID, {
    name: "Remove what is kept no longer",
    cron: "17 3 * * *",
    target: { type: "job", kind: "retention.run", input: {} },
  });
}
