/** What the forms of `/admin/jobs` do, each followed by the page it came from. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { AppError } from "@/lib/errors.ts";
import { RETRY_JOB } from "@/lib/jobs/kinds/jobs_retry.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { userSpace } from "@/lib/shared/spaces.ts";
import type { Job } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import { actOnJob, jobBackPath } from "./job_actions.ts";
import { requireJob, requireMayRetry } from "./job_access.ts";
import { withParameter } from "./task_form.ts";

/** Jobs that may be chosen one by one. */
const MOST_CHOSEN = 200;

/** Begins the job that begins the failed ones of the workspace again. @param kind null: of every kind */
export async function retryAll(
  { services: { jobs }, caller }: State,
  kind: string | null,
): Promise<Job> {
  const { job } = await jobs.enqueue(
    userSpace(caller.workspace, caller.user),
    {
      kind: RETRY_JOB,
      input: { kind },
      dedupKey: kind ?? "every kind",
      askedBy: storedCaller(caller),
    },
  );
  return job;
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
      const { id } = await retryAll(state, kind);
      return `/jobs/${id}`;
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
  const [, count] = /^retried-(\d{1,6})$/.exec(done ?? "") ?? [];
  if (count === undefined) return "";
  return `${formatPlural(Number(count), "job")} begun again`;
}
