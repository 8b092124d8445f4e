/** What `/admin/jobs` shows, loaded: counts and a page of jobs, in as many reads however many there are. */
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { AppError } from "@/lib/errors.ts";
import { JOB_STATUSES } from "@/lib/jobs/job_record.ts";
import type {
  JobCounts,
  JobRates,
  KindRates,
} from "@/lib/jobs/job_statistics.ts";
import {
  type AdminJobsFilter,
  type AdminJobsView,
  type FlowView,
  JOB_HOURS,
  type KindView,
} from "@/lib/shared/jobs/admin_jobs.ts";
import type { State } from "@/utils.ts";
import { namesOfJobs } from "./job_names.ts";
import { readJobFilter } from "./job_query.ts";
import { recordSeenBy, toJobViews } from "./job_view.ts";

const HOUR_MS = 3_600_000;

/** Parts of the span in the small pictures. */
const PARTS = 30;

/** Jobs of a page. */
const PER_PAGE = 50;

const NO_FLOW: FlowView = {
  started: 0,
  completed: 0,
  failed: 0,
  dead: 0,
  waitedMs: null,
  tookMs: null,
};

/** @throws {AppError} 400 `invalid_request` for a filter or cursor there is not */
export function readAdminJobsFilter(url: URL): AdminJobsFilter {
  const text = url.searchParams.get("hours") || "1";
  const hours = JOB_HOURS.find((each) => String(each) === text);
  if (hours === undefined) {
    const message = `must be one of ${JOB_HOURS.join(", ")}`;
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `hours ${message}`,
      errors: [{ path: "hours", message }],
    });
  }
  return { ...readJobFilter(url), hours };
}

/** @throws {AppError} as `readAdminJobsFilter` does */
export async function loadAdminJobs(
  state: State,
  url: URL,
  signal: AbortSignal,
): Promise<AdminJobsView> {
  const { services, caller: { workspace } } = state;
  const { jobLists, jobKinds } = services;
  const filter = readAdminJobsFilter(url);
  const { status, kind, hours } = filter;
  const [numbers, page] = await Promise.all([
    loadJobNumbers(state, hours, signal),
    jobLists.page(workspace, {
      statuses: status === null ? JOB_STATUSES : [status],
      kind,
      before: beforeId("job", url.searchParams.get("cursor")),
      limit: PER_PAGE,
    }, signal),
  ]);
  const names = await namesOfJobs(state, page.records);
  const records = page.records.map((record) => recordSeenBy(state, record));
  return {
    filter,
    ...numbers,
    kindNames: jobKinds.all.map(({ kind }) => kind).sort(),
    jobs: await toJobViews(services, workspace, records, {
      names,
      signal,
    }),
    nextCursor: page.nextBefore,
  };
}

/** What is counted, without a list. */
export type JobNumbers = Pick<
  AdminJobsView,
  | "counts"
  | "flow"
  | "completedSeries"
  | "failedSeries"
  | "oldest"
  | "kinds"
  | "workers"
  | "nowMs"
>;

/** The numbers of the workspace. */
export async function loadJobNumbers(
  { services: { jobStatistics, jobStore }, caller: { workspace } }: State,
  hours: number,
  signal: AbortSignal,
): Promise<JobNumbers> {
  const nowMs = jobStore.clock.now();
  const sinceMs = nowMs - hours * HOUR_MS;
  const [counts, rates, oldest, workers, paused] = await Promise.all([
    jobStatistics.counts(workspace, signal),
    jobStatistics.rates(workspace, sinceMs, signal),
    jobStatistics.oldestWaiting(workspace, signal),
    jobStatistics.workers(workspace, signal),
    jobStore.pausedKinds(workspace, signal),
  ]);
  const series = (pick: (minute: JobRates["minutes"][number]) => number) =>
    seriesOf(rates.minutes, pick, sinceMs, nowMs);
  return {
    counts: counts.total,
    flow: flowOf(rates.total),
    completedSeries: series(({ completed }) => completed),
    failedSeries: series(({ failed }) => failed),
    oldest: oldest === null ? null : {
      id: oldest.job,
      kind: oldest.kind,
      dueAt: new Date(oldest.dueAtMs).toISOString(),
    },
    kinds: kindsOf(counts, rates, paused),
    workers: workers.map((worker) => ({
      id: worker.id,
      host: worker.host,
      startedAt: new Date(worker.startedAtMs).toISOString(),
      saidAt: new Date(worker.saidAtMs).toISOString(),
      places: worker.places,
      busy: worker.busy,
      here: worker.running.reduce((sum, { count }) => sum + count, 0),
    })),
    nowMs,
  };
}

function flowOf(
  { started, completed, failed, dead, waitedMs, tookMs }: KindRates,
): FlowView {
  return { started, completed, failed, dead, waitedMs, tookMs };
}

/** Kinds of which something waits, runs, has happened or is paused, by name. */
function kindsOf(
  { kinds: counts }: JobCounts,
  { kinds: rates }: JobRates,
  paused: ReadonlySet<string>,
): KindView[] {
  const names = new Set([
    ...Object.keys(counts),
    ...Object.keys(rates),
    ...paused,
  ]);
  return [...names].sort().map((kind) => ({
    ...(rates[kind] === undefined ? NO_FLOW : flowOf(rates[kind])),
    kind,
    isPaused: paused.has(kind),
    waiting: counts[kind]?.queued ?? 0,
    running: counts[kind]?.running ?? 0,
  }));
}

function seriesOf(
  minutes: JobRates["minutes"],
  pick: (minute: JobRates["minutes"][number]) => number,
  sinceMs: number,
  nowMs: number,
): number[] {
  const parts = Array<number>(PARTS).fill(0);
  const partMs = (nowMs - sinceMs) / PARTS;
  for (const minute of minutes) {
    const part = Math.floor((minute.atMs - sinceMs) / partMs);
    parts[Math.min(Math.max(part, 0), PARTS - 1)] += pick(minute);
  }
  return parts;
}
