/** Jobs for pages, with the reasons of those that wait. */
import { JOB_PRIORITIES, type JobRecord } from "@/lib/jobs/job_record.ts";
import { readWorkers } from "@/lib/jobs/job_presence.ts";
import type { Services } from "@/lib/services.ts";
import type {
  JobDownload,
  JobView,
  JobWait,
} from "@/lib/shared/jobs/job_view.ts";
import type { State } from "@/utils.ts";
import { seenBy } from "./job_access.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";

/** Jobs before one in its queue are counted up to here. */
const MOST_AHEAD = 50;

/** Running jobs of a workspace that are looked at to tell whether places are free. */
const MOST_RUNNING = 200;

/** What a page is told of the outcome, by the convention for results. */
function outcomeOf(
  result: unknown,
): Pick<JobView, "text" | "href" | "download"> {
  const fields = typeof result === "object" && result !== null
    ? result as Record<string, unknown>
    : {};
  return {
    text: typeof fields.text === "string" ? fields.text : null,
    href: pathOf(fields.href),
    download: downloadOf(fields.download),
  };
}

/** A path of this app, whatever a result holds. */
function pathOf(value: unknown): string | null {
  return typeof value === "string" && /^\/(?![/\\])/.test(value) ? value : null;
}

function downloadOf(value: unknown): JobDownload | null {
  if (typeof value !== "object" || value === null) return null;
  const { href, name, bytes } = value as Record<string, unknown>;
  const path = pathOf(href);
  return path === null || typeof name !== "string" || typeof bytes !== "number"
    ? null
    : { href: path, name, bytes };
}

/** The record of a job as a caller may see it; see `seenBy`. */
export function recordSeenBy(
  state: Pick<State, "caller">,
  record: JobRecord,
): JobRecord {
  const { result, ...seen } = seenBy(state, record.space, record);
  return { ...seen, result: result === null ? null : record.result };
}

/** @param result the job's, where it is not the record's own short one */
export function toJobView(
  record: JobRecord,
  { wait = null, who = null, result }: {
    wait?: JobWait | null;
    who?: string | null;
    result?: unknown;
  } = {},
): JobView {
  const {
    id,
    kind,
    title,
    status,
    priority,
    attempt,
    maxAttempts,
    progress,
    error,
  } = record;
  const { createdAt, startedAt, finishedAt } = record;
  const kept = record.result;
  const shown = result ??
    (kept !== null && "inline" in kept ? kept.inline : null);
  return {
    id,
    kind,
    status,
    priority,
    attempt,
    maxAttempts,
    progress,
    error,
    runAt: new Date(record.runAt).toISOString(),
    createdAt,
    startedAt,
    finishedAt,
    title,
    wait,
    who,
    ...outcomeOf(shown),
  };
}

type Looked = Pick<
  Services,
  "jobKinds" | "jobLists" | "jobStore" | "store"
>;

/** Views of jobs of one workspace, with the reasons of those that wait. */
export async function toJobViews(
  services: Looked,
  workspace: string,
  records: readonly JobRecord[],
  {
    names,
    signal,
  }: {
    /** Who somebody is, by user; without it nobody is named. */
    names?: ReadonlyMap<string, string>;
    signal?: AbortSignal;
  } = {},
): Promise<JobView[]> {
  const waits = await waitsOf(services, workspace, records, signal);
  return records.map((record) =>
    toJobView(record, {
      wait: waits.get(record.id) ?? null,
      who: names === undefined ? null : whoOf(record, names),
    })
  );
}

function whoOf(
  { space, askedBy }: JobRecord,
  names: ReadonlyMap<string, string>,
): string {
  const user = askedBy?.user ?? userOf(space);
  if (user !== null) return names.get(user) ?? "somebody who is gone";
  return space === workspaceOf(space) ? "Freshet itself" : "programs";
}

/** Why jobs wait, by their ids; one queue is read once however many wait in it. */
async function waitsOf(
  { jobKinds, jobLists, jobStore, store }: Looked,
  workspace: string,
  records: readonly JobRecord[],
  signal?: AbortSignal,
): Promise<Map<string, JobWait>> {
  const waits = new Map<string, JobWait>();
  const waiting = records.filter(({ status }) => status === "queued");
  if (waiting.length === 0) return waits;
  const nowMs = jobStore.clock.now();
  const due: JobRecord[] = [];
  const paused = await jobStore.pausedKinds(workspace, signal);
  for (const record of waiting) {
    if (paused.has(record.kind)) waits.set(record.id, { why: "paused" });
    else if (record.runAt <= nowMs) due.push(record);
    else {
      const hasFailed = record.attempt > 0 || record.error !== null;
      const why = hasFailed ? "retry" : "later";
      waits.set(record.id, { why });
    }
  }
  if (due.length === 0) return waits;
  const [{ records: running }, workers] = await Promise.all([
    jobLists.page(workspace, {
      statuses: ["running"],
      kind: null,
      before: null,
      limit: MOST_RUNNING,
    }, signal),
    readWorkers(store, signal),
  ]);
  const queues = Map.groupBy(due, queueName);
  await Promise.all([...queues.values()].map(async (queued) => {
    const [{ kind, priority }] = queued;
    const ahead = await jobStore.due(
      { priority: JOB_PRIORITIES.indexOf(priority), workspace, kind },
      MOST_AHEAD,
      signal,
    );
    const places = (jobKinds.get(kind)?.perWorkspace ?? 0) *
      Math.max(1, workers.length);
    const isFull = running.filter((each) => each.kind === kind).length >=
      places;
    for (const { id } of queued) {
      const place = ahead.findIndex((each) => each.id === id);
      // In none of the rows: behind them, or just claimed.
      const before = place !== -1
        ? place
        : ahead.length < MOST_AHEAD
        ? 0
        : null;
      waits.set(
        id,
        isFull
          ? { why: "places", places, ahead: before }
          : { why: "turn", ahead: before },
      );
    }
  }));
  return waits;
}

function queueName({ kind, priority }: JobRecord): string {
  return `${priority} ${kind}`;
}
