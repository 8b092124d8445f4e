/** Keeping a page of jobs up to date: what an event changes at once, and what a new reading does. */
import type { Job } from "@/lib/shared/wire.ts";
import type { JobBoard, JobSection } from "./job_board.ts";
import { isOver, type JobView } from "./job_view.ts";

/** What an event of a job tells of its state. */
export interface JobNews extends Pick<Job, "status"> {
  /** Undefined: who listens is not told, since the job is somebody else's. */
  progress: Job["progress"] | undefined;
  error: Job["error"] | undefined;
  jobId: string;
  kind: string;
  attempt: number;
  /** Its status before this; null: it is new, or nobody knows. */
  before: Job["status"] | null;
  /** When it happened, RFC 3339. */
  at: string;
}

/** A job that was just read, as news of it. */
export function newsOf(job: Job): JobNews {
  const at = job.finishedAt ?? job.startedAt ?? job.createdAt;
  return { ...job, jobId: job.id, before: null, at };
}

/** The part of an event that is news of a job; null: it is none. */
export function readJobNews(
  { type, at, data }: {
    type: string;
    at: string;
    data: Record<string, unknown>;
  },
): JobNews | null {
  if (!type.startsWith("job.") || typeof data.jobId !== "string") return null;
  return { progress: undefined, error: undefined, ...data, at } as JobNews;
}

/** A job after news of it. Progress never falls within an attempt, since news may come in any order. */
export function withNews(job: JobView, news: JobNews): JobView {
  if (job.id !== news.jobId) return job;
  const { status, error = job.error, attempt, at } = news;
  const { progress = job.progress } = news;
  const hasBegunAgain = status === "queued" && job.status !== "queued";
  const isOlder = !hasBegunAgain && status === job.status &&
    progress.value < job.progress.value;
  return {
    ...job,
    status,
    error,
    attempt,
    progress: isOlder ? job.progress : progress,
    startedAt: status === "running" && job.status !== "running"
      ? at
      : job.startedAt,
    finishedAt: isOver({ status }) ? job.finishedAt ?? at : null,
    wait: status === "queued" ? job.wait : null,
  };
}

/** All jobs of a board. */
export function jobsOf({ sections }: JobBoard): JobView[] {
  return sections.flatMap(({ jobs }) => jobs);
}

/** The same board with each job passed through a function. */
export function mapJobs(
  board: JobBoard,
  change: (job: JobView) => JobView,
): JobBoard {
  return {
    ...board,
    sections: board.sections.map((section) => ({
      ...section,
      jobs: section.jobs.map(change),
    })),
  };
}

/**
 * A board that was read again, with what is on view kept in its place: a job that has ended stays where
 * it was until the page is left, so that nothing moves away under a pointer, and on the page of finished
 * ones none comes in above.
 */
export function withFresh(shown: JobBoard, fresh: JobBoard): JobBoard {
  const byId = new Map(jobsOf(fresh).map((job) => [job.id, job]));
  if (fresh.tab === "finished") {
    const { counts, nowMs } = fresh;
    const kept = mapJobs(shown, (job) => byId.get(job.id) ?? job);
    return { ...kept, counts, nowMs };
  }
  const kept = new Set<string>();
  const ended = new Map(shown.sections.map(({ name, jobs }) => [
    name,
    jobs.flatMap((job, place) => {
      const now = byId.get(job.id) ?? job;
      if (!isOver(now) || isMeantForEnded(name)) return [];
      kept.add(job.id);
      return [{ job: now, place }];
    }),
  ]));
  const sections = fresh.sections.map((section): JobSection => {
    const jobs = section.jobs.filter(({ id }) => !kept.has(id));
    for (const { job, place } of ended.get(section.name) ?? []) {
      jobs.splice(place, 0, job);
    }
    return { ...section, jobs };
  });
  return { ...fresh, sections };
}

function isMeantForEnded(name: JobSection["name"]): boolean {
  return name === "failed" || name === "lately" || name === "list";
}

/** Jobs of a list as they are now, each where it was; none comes in. */
export function keepPlaces(
  shown: readonly JobView[],
  fresh: readonly JobView[],
): JobView[] {
  const byId = new Map(fresh.map((job) => [job.id, job]));
  return shown.map((job) => byId.get(job.id) ?? job);
}

/** How many jobs of a reading are newer than all that are on view. */
export function countNewer(
  shown: readonly JobView[],
  fresh: readonly JobView[],
): number {
  const newest = shown[0]?.id ?? "";
  return fresh.filter(({ id }) => id > newest).length;
}
