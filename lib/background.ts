/** What works beside the requests of a process: the queue of jobs and everything that lives by it. */
import {
  buildChatJobs,
  type ChatJobServices,
} from "@/lib/chat/build_chat_jobs.ts";
import {
  type BackupServices,
  buildBackups,
  ensureBackups,
} from "@/lib/backups/build_backups.ts";
import { type AlertServices, buildAlerts } from "@/lib/alerts/build_alerts.ts";
import {
  type AnomalyServices,
  buildAnomalies,
  ensureAnomalies,
} from "@/lib/anomalies/build_anomalies.ts";
import { buildStoredCallers } from "@/lib/auth/build_stored_callers.ts";
import type { StoredCallers } from "@/lib/auth/stored_callers.ts";
import { Sweeper } from "@/lib/sweeper.ts";
import {
  buildDocuments,
  type DocumentServices,
} from "@/lib/documents/build_documents.ts";
import { Files } from "@/lib/files/files.ts";
import {
  type BatchServices,
  buildBatches,
} from "@/lib/gateway/batches/build_batches.ts";
import { JobCounter } from "@/lib/jobs/job_counter.ts";
import { JobKinds } from "@/lib/jobs/job_kind.ts";
import { JobLists } from "@/lib/jobs/job_lists.ts";
import { OverdueJobs } from "@/lib/jobs/job_overdue.ts";
import { JobRecovery } from "@/lib/jobs/job_recovery.ts";
import { sweepEndedJobs } from "@/lib/jobs/job_retention.ts";
import { JobStatistics } from "@/lib/jobs/job_statistics.ts";
import { JobStore } from "@/lib/jobs/job_store.ts";
import { buildExports } from "@/lib/jobs/kinds/build_exports.ts";
import { Jobs } from "@/lib/jobs/jobs.ts";
import { JobWorker } from "@/lib/jobs/job_worker.ts";
import { JobsRetry } from "@/lib/jobs/kinds/jobs_retry.ts";
import {
  buildNotifications,
  type NotificationServices,
} from "@/lib/notifications/build_notifications.ts";
import {
  buildSchedules,
  type ScheduleServices,
} from "@/lib/schedules/build_schedules.ts";
import { buildUpkeep, ensureUpkeep } from "@/lib/schedules/build_upkeep.ts";
import { ensureUsageUpkeep } from "@/lib/schedules/build_usage_upkeep.ts";
import { type KindCounts, measureJobs } from "@/lib/observe/job_metrics.ts";
import type { BaseServices } from "@/lib/services.ts";
import {
  buildWebhooks,
  type WebhookServices,
} from "@/lib/webhooks/build_webhooks.ts";

/** Services that the rest of the program is given beside those of `BaseServices`. */
export interface Background
  extends
    AlertServices,
    AnomalyServices,
    BackupServices,
    BatchServices,
    ChatJobServices,
    DocumentServices,
    NotificationServices,
    ScheduleServices,
    WebhookServices {
  /** Who may still ask for work that is done later. */
  storedCallers: StoredCallers;
  /** Files of any size. */
  files: Files;
  /** Removes files that are kept no longer. */
  oldFiles: Sweeper;
  jobs: Jobs;
  jobStore: JobStore;
  /** What kinds of jobs there are; `lib/jobs/kinds/` has one file for each. */
  jobKinds: JobKinds;
  jobLists: JobLists;
  jobStatistics: JobStatistics;
  /** Removes ended jobs, ends those that take too long, and reads the counts of the metrics. */
  jobSweepers: readonly Sweeper[];
  jobWorker: JobWorker;
  jobRecovery: JobRecovery;
}

const FILE_SWEEP_EVERY_MS = 60_000;
const ENDED_JOBS_EVERY_MS = 10 * 60_000;
const OVERDUE_JOBS_EVERY_MS = 30_000;
const JOB_COUNTS_EVERY_MS = 5_000;

export function buildBackground(base: BaseServices): Background {
  const { store, owner, log } = base;
  const jobStore = new JobStore(store);
  const jobKinds = new JobKinds();
  const jobStatistics = new JobStatistics(store, jobKinds);
  const overdue = new OverdueJobs(store, jobStore, jobKinds);
  let jobCounts: KindCounts = {};
  const onAttempt = measureJobs(
    base.metrics,
    () => jobCounts,
    () => jobWorker.busyRatio,
  );
  base.consumers.add(new JobCounter(store));
  const jobSweepers = [
    new Sweeper({
      failure: "Old jobs could not be removed",
      everyMs: ENDED_JOBS_EVERY_MS,
      sweep: (signal) => sweepEndedJobs(store, signal),
      log,
    }),
    new Sweeper({
      failure: "Jobs that take too long could not be looked for",
      everyMs: OVERDUE_JOBS_EVERY_MS,
      sweep: (signal) => overdue.sweep(signal),
      log,
    }),
    new Sweeper({
      failure: "The counts of jobs could not be read",
      everyMs: JOB_COUNTS_EVERY_MS,
      sweep: async (signal) => {
        jobCounts = (await jobStatistics.allCounts(signal)).kinds;
      },
      log,
    }),
  ];
  const jobs: Jobs = new Jobs({
    store,
    jobs: jobStore,
    kinds: jobKinds,
    owner,
    cancelHere: (job) => jobWorker.cancel(job),
  });
  const jobWorker: JobWorker = new JobWorker({
    store,
    jobs: jobStore,
    kinds: jobKinds,
    owner,
    keepResult: (result) => jobs.keepResult(result),
    onAttempt,
    isPressed: () => base.runs.executing > 0,
    host: Deno.env.get("HOSTNAME") ?? "",
    log,
  });
  const jobLists = new JobLists(store);
  jobKinds.add(new JobsRetry({ jobs, jobLists, jobStatistics }));
  const jobRecovery = new JobRecovery({
    jobs: jobStore,
    owner,
    isHere: (job) => jobWorker.has(job),
    log,
  });
  const files = new Files({ store, owner: () => owner.incarnation.id });
  const oldFiles = new Sweeper({
    failure: "Old files could not be removed",
    everyMs: FILE_SWEEP_EVERY_MS,
    sweep: (signal) => files.sweep(signal),
    log,
  });
  const storedCallers = buildStoredCallers({
    ...base,
    mode: base.config.auth,
  });
  const alerts = buildAlerts(base);
  buildExports({ ...base, files, jobKinds });
  const anomalies = buildAnomalies({ ...base, files, jobKinds });
  const batches = buildBatches({
    ...base,
    files,
    jobs,
    jobStore,
    jobKinds,
    storedCallers,
    isPressed: () => base.admission.reason !== null,
  });
  const backups = buildBackups({ ...base, jobKinds });
  const documents = buildDocuments({
    ...base,
    jobs,
    jobStore,
    jobKinds,
    files,
    allow: base.config.outgoing.allow,
    cache: base.documentKnowledge.cache,
  });
  const schedules = buildSchedules({ ...base, jobs, jobStore, jobKinds });
  const webhooks = buildWebhooks({
    ...base,
    jobs,
    jobStore,
    jobKinds,
    allow: base.config.outgoing.allow,
    isMember: async (user, workspace) =>
      await base.users.caller(user, workspace) !== null,
  });
  const chatJobs = buildChatJobs({
    ...base,
    storedCallers,
    jobs,
    jobStore,
    jobKinds,
  });
  const notifications = buildNotifications({
    ...base,
    jobStore,
    jobKinds,
    names: {
      schedule: (space, id) =>
        schedules.schedules.require(space, id).catch(() => null),
      document: (space, id) => documents.documents.nameOf(space, id),
    },
  });
  buildUpkeep({
    ...base,
    ...webhooks,
    ...notifications,
    oldFiles,
    oldJobs: jobSweepers[0],
    jobKinds,
  });
  return {
    ...alerts,
    ...anomalies,
    ...backups,
    ...batches,
    ...documents,
    ...schedules,
    ...chatJobs,
    ...notifications,
    ...webhooks,
    storedCallers,
    files,
    oldFiles,
    jobs,
    jobStore,
    jobKinds,
    jobStatistics,
    jobSweepers,
    jobLists,
    jobWorker,
    jobRecovery,
  };
}

/** Begins to work. A store that takes no writes is left alone. */
export function startBackground(
  {
    alertEvaluator,
    backups,
    oldDeliveries,
    oldFiles,
    oldNotifications,
    oldUploads,
    jobs,
    schedules,
    scheduleTicker,
    store,
    usage,
    jobSweepers,
    jobWorker,
  }: Background & BaseServices,
): void {
  if (store.readOnly) return;
  jobWorker.start();
  alertEvaluator.start();
  for (const sweeper of jobSweepers) sweeper.start();
  scheduleTicker.start(async () => {
    await ensureUpkeep(schedules);
    await ensureBackups(backups, schedules);
    await ensureAnomalies(schedules);
    await ensureUsageUpkeep(usage, jobs, schedules);
  });
  oldFiles.start();
  oldDeliveries.start();
  oldNotifications.start();
  oldUploads.start();
}

/** Ends, and gives back what is under way; resolves after so many milliseconds at the latest. */
export async function stopBackground(
  {
    alertEvaluator,
    jobSweepers,
    jobWorker,
    oldDeliveries,
    documentWorkers,
    oldFiles,
    oldNotifications,
    oldUploads,
    scheduleTicker,
  }: Background,
  deadlineMs: number,
): Promise<void> {
  await Promise.all([
    jobWorker.stop(deadlineMs),
    alertEvaluator.close(),
    ...jobSweepers.map((sweeper) => sweeper.close()),
    oldFiles.close(),
    oldDeliveries.close(),
    oldNotifications.close(),
    oldUploads.close(),
    scheduleTicker.close(),
  ]);
  documentWorkers.stop();
}
