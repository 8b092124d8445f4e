/** What `/jobs` shows, loaded: a bounded number of rows however many jobs there are. */
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { invalidRequest } from "@/lib/errors.ts";
import type { JobRecord, JobStatus } from "@/lib/jobs/job_record.ts";
import {
  FINISHED_STATUSES,
  type JobBoard,
  type JobSection,
  MOST_COUNTED,
  type SectionName,
} from "@/lib/shared/jobs/job_board.ts";
import type { JobView } from "@/lib/shared/jobs/job_view.ts";
import type { State } from "@/utils.ts";
import { hiddenKinds } from "./job_audience.ts";
import { toJobViews } from "./job_view.ts";

/** What is said of a part of the address that means nothing. */
const NONE_OF_THEM = "is none of those that there are";

/**
 * Jobs of one state that the first tab looks at. Of the ended ones it shows those that ended last, which may
 * have been asked for long before others.
 */
const LOOKED_AT = 50;
const SHOWN_FAILED = 5;
const SHOWN_LATELY = 5;

/** What has been done so long ago at most is still on the first tab, in milliseconds. */
const LATELY_MS = 60 * 60 * 1_000;

/** Jobs of a page of finished ones. */
const PER_PAGE = 50;

/** @throws {AppError} 400 `invalid_request` for a tab, state or cursor there is not */
export async function loadJobBoard(
  state: State,
  url: URL,
  signal: AbortSignal,
): Promise<JobBoard> {
  const tab = url.searchParams.get("tab") || "now";
  if (tab !== "now" && tab !== "finished") {
    throw invalidRequest("tab", NONE_OF_THEM);
  }
  const [counts, shown] = await Promise.all([
    countJobs(state, signal),
    tab === "now"
      ? loadNow(state, signal)
      : loadFinished(state, url.searchParams, signal),
  ]);
  return { tab, counts, ...shown, nowMs: Date.now() };
}

async function countJobs(
  { services: { jobKinds, jobLists }, space }: State,
  signal: AbortSignal,
): Promise<JobBoard["counts"]> {
  const sum = async (statuses: readonly JobStatus[]) => {
    const each = await Promise.all(
      statuses.map((status) =>
        jobLists.count(space, status, {
          hides: hiddenKinds(jobKinds, status),
          most: MOST_COUNTED,
        }, signal)
      ),
    );
    return each.reduce((left, right) => ({
      count: left.count + right.count,
      isMore: left.isMore || right.isMore,
    }));
  };
  const [now, finished] = await Promise.all([
    sum(["running", "queued"]),
    sum(FINISHED_STATUSES),
  ]);
  return { now, finished };
}

async function loadNow(
  state: State,
  signal: AbortSignal,
): Promise<Pick<JobBoard, "status" | "sections" | "nextCursor">> {
  const { services: { jobKinds, jobLists }, space } = state;
  const newest = (status: JobStatus) =>
    jobLists.page(space, {
      statuses: [status],
      kind: null,
      hides: hiddenKinds(jobKinds, status),
      before: null,
      limit: LOOKED_AT,
    }, signal);
  const [running, waiting, failed, done] = await Promise.all([
    newest("running"),
    jobLists.oldest(space, "queued", {
      hides: hiddenKinds(jobKinds, "queued"),
      limit: LOOKED_AT,
    }, signal),
    newest("dead"),
    newest("completed"),
  ]);
  const since = Date.now() - LATELY_MS;
  const lately = done.records.filter(({ finishedAt }) =>
    finishedAt !== null && Date.parse(finishedAt) > since
  );
  const sections = await Promise.all([
    section(
      state,
      "running",
      running.records,
      running.nextBefore !== null,
      signal,
    ),
    section(state, "waiting", waiting.records, waiting.isCut, signal),
    section(
      state,
      "failed",
      lastEnded(failed.records, SHOWN_FAILED),
      failed.records.length > SHOWN_FAILED,
      signal,
    ),
    section(
      state,
      "lately",
      lastEnded(lately, SHOWN_LATELY),
      false,
      signal,
    ),
  ]);
  return { status: null, sections, nextCursor: null };
}

async function loadFinished(
  state: State,
  query: URLSearchParams,
  signal: AbortSignal,
): Promise<Pick<JobBoard, "status" | "sections" | "nextCursor">> {
  const status = readFinishedStatus(query.get("status") || null);
  const { services: { jobKinds, jobLists }, space } = state;
  const { records, nextBefore } = await jobLists.page(space, {
    statuses: status === null ? FINISHED_STATUSES : [status],
    kind: null,
    hides: hiddenKinds(jobKinds, status),
    before: beforeId("job", query.get("cursor")),
    limit: PER_PAGE,
  }, signal);
  return {
    status,
    sections: [await section(state, "list", records, false, signal)],
    nextCursor: nextBefore,
  };
}

async function section(
  { services, caller }: State,
  name: SectionName,
  records: readonly JobRecord[],
  isCut: boolean,
  signal: AbortSignal,
): Promise<JobSection> {
  const jobs = await toJobViews(services, caller.workspace, records, {
    signal,
  });
  if (name === "waiting") jobs.sort(byTurn);
  return { name, jobs, isCut };
}

function lastEnded(records: readonly JobRecord[], most: number): JobRecord[] {
  return records.toSorted((left, right) =>
    Date.parse(right.finishedAt ?? "") - Date.parse(left.finishedAt ?? "")
  ).slice(0, most);
}

/** What is next in line first, then by the time at which they begin. */
function byTurn(left: JobView, right: JobView): number {
  const turns = Math.sign(turnOf(left) - turnOf(right));
  return turns ||
    Date.parse(left.runAt) - Date.parse(right.runAt);
}

function turnOf({ wait }: JobView): number {
  if (wait === null || !("ahead" in wait)) return Number.MAX_VALUE;
  return wait.ahead ?? Number.MAX_SAFE_INTEGER;
}

function readFinishedStatus(text: string | null): JobBoard["status"] {
  if (text === null) return null;
  const status = FINISHED_STATUSES.find((each) => each === text);
  if (status === undefined) throw invalidRequest("status", NONE_OF_THEM);
  return status;
}
