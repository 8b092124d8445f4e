/** What the forms of `/admin/jobs` do, each followed by the page it came from. */
import { AppError } from "@/lib/errors.ts";
import { type RetriedJobs, retryDead } from "@/lib/jobs/retry_dead.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import type { State } from "@/utils.ts";
import { actOnJob, jobBackPath } from "./job_actions.ts";
import { requireJob, requireMayRetry } from "./job_access.ts";
import { withParameter } from "./task_form.ts";

/** Jobs that one call begins again at most, and for how long it tries, in milliseconds. */
const MOST_RETRIED = 1_000;
const RETRY_FOR_MS = 10_000;

/** Jobs that may be chosen one by one. */
const MOST_CHOSEN = 200;

/** Begins the dead jobs of the caller's workspace again. @param kind null: of every kind */
export async function retryAll(
  { services, caller: { workspace } }: State,
  kind: string | null,
  signal: AbortSignal,
): Promise<RetriedJobs> {
  return await retryDead(services, workspace, {
    kind,
    most: MOST_RETRIED,
    deadlineMs: RETRY_FOR_MS,
  }, signal);
}

/**
 * Lets a kind begin nothing more in the caller's workspace, or go on.
 * @throws {AppError} 404 `not_found` for a kind there is not
 */
export async function pauseKind(
  { services: { jobKinds, jobStore }, caller: { workspace } }: State,
  kind: string,
  isPaused: boolean,
): Promise<void> {
  if (jobKinds.get(kind) === null) {
    throw new AppError({
      status: 404,
      code: "not_found",
      message: "There is no such kind of job.",
    });
  }
  if (isPaused) await jobStore.pauseKind(workspace, kind);
  else await jobStore.resumeKind(workspace, kind);
}

/**
 * Does what a form of the page asks for.
 * @returns where to go next
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnAdminJobs(
  state: State,
  form: URLSearchParams,
  signal: AbortSignal,
): Promise<string> {
  const back = adminBackPath(form.get("back"));
  const kind = form.get("kind") || null;
  switch (form.get("action")) {
    case "pause":
    case "resume": {
      const isPaused = form.get("action") === "pause";
      await pauseKind(state, kind ?? "", isPaused);
      return withParameter(back, "done", isPaused ? "paused" : "resumed");
    }
    case "retry-all": {
      const { retried, isMore } = await retryAll(state, kind, signal);
      return withParameter(
        back,
        "done",
        `retried-${retried}${isMore ? "+" : ""}`,
      );
    }
    case "retry-chosen": {
      const ids = form.getAll("id").slice(0, MOST_CHOSEN);
      const begun = await Promise.allSettled(ids.map(async (id) => {
        const job = await requireJob(state, id, signal);
        requireMayRetry(state, job);
        await state.services.jobs.retry(job.space, job.id);
      }));
      const retried = begun.filter(({ status }) => status === "fulfilled");
      return withParameter(back, "done", `retried-${retried.length}`);
    }
  }
  return await actOnJob(state, form);
}

function adminBackPath(back: string | null): string {
  const path = jobBackPath(back);
  return path.startsWith("/admin/jobs") ? path : "/admin/jobs";
}

/** What was just done, by the query's `done`. */
export function adminJobsDone(done: string | null): string {
  if (done === "paused") return "Kind paused. What runs goes on to its end.";
  if (done === "resumed") return "Kind goes on";
  const [, count, more] = /^retried-(\d{1,6})([+ ]?)$/.exec(done ?? "") ?? [];
  if (count === undefined) return "";
  const begun = `${formatPlural(Number(count), "job")} begun again`;
  return more ? `${begun}. Some are left: retry once more.` : begun;
}
