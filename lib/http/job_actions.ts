/** What the forms of jobs do, each followed by the page it came from. */
import { AppError } from "@/lib/errors.ts";
import type { State } from "@/utils.ts";
import { requireJob, requireMayRetry } from "./job_access.ts";
import { beginPreset } from "./job_presets.ts";
import { withParameter } from "./task_form.ts";

/** Where a form may lead back to: the pages that hold it, with what they show. */
const BACK = /^\/(jobs|admin\/jobs)(\/job_[0-9A-Za-z]{22})?(\?[^\s\\#]*)?$/;

/** The page to go back to. Anything else than a page of jobs counts as `/jobs`. */
export function jobBackPath(back: string | null): string {
  return back !== null && BACK.test(back) ? back : "/jobs";
}

/** What was just done, by the query's `done`. */
export const JOB_DONE: Readonly<Record<string, string>> = {
  begun: "Job begun",
  cancelled: "Job cancelled",
  ended: "The job had ended before it could be cancelled",
  retried: "Job begun again",
};

/**
 * Does what a form of jobs asks for.
 * @returns where to go next
 * @throws {AppError} 400 `invalid_request` for a form that is none of ours; as the services do
 */
export async function actOnJob(
  state: State,
  form: URLSearchParams,
): Promise<string> {
  const { services: { jobs } } = state;
  const back = jobBackPath(form.get("back"));
  const action = form.get("action");
  if (action === "begin") {
    await beginPreset(state, form.get("kind") ?? "");
    return "/jobs?done=begun";
  }
  if (action !== "cancel" && action !== "retry") {
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The form is not known.",
    });
  }
  const record = await requireJob(state, form.get("id") ?? "");
  const { space, id } = record;
  if (action === "retry") {
    requireMayRetry(state, record);
    await jobs.retry(space, id);
    return withParameter(back, "done", "retried");
  }
  const { status } = await jobs.cancel(space, id);
  return withParameter(
    back,
    "done",
    status === "cancelled" ? "cancelled" : "ended",
  );
}
