/** What `/jobs/:job` shows, loaded. */
import type { JobDetail } from "@/lib/shared/jobs/job_detail.ts";
import { userOf } from "@/lib/shared/spaces.ts";
import type { State } from "@/utils.ts";
import { isForeign, requireJob, seenBy } from "./job_access.ts";
import { recordSeenBy, toJobView, toJobViews } from "./job_view.ts";
import { namesOfJobs } from "./job_names.ts";

/** Longest JSON that a page shows, in UTF-16 code units; the rest is in the file. */
const MAX_SHOWN_CHARACTERS = 20_000;

/** @throws {AppError} 404 `not_found` for a job there is not, or not for the caller */
export async function loadJobDetail(
  state: State,
  id: string,
  signal: AbortSignal,
): Promise<JobDetail> {
  const { services, caller } = state;
  const found = await requireJob(state, id, signal);
  const { space } = found;
  const isOwn = userOf(space) === caller.user;
  const [got, around, names] = await Promise.all([
    services.jobs.get(space, id),
    services.jobLists.related(space, found, signal),
    isOwn ? undefined : namesOfJobs(state, [found]),
  ]);
  const whole = seenBy(state, space, got);
  const record = recordSeenBy(state, found);
  const related = around.map((each) => recordSeenBy(state, each));
  const [[view], others] = await Promise.all([
    toJobViews(services, caller.workspace, [record], { names, signal }),
    toJobViews(services, caller.workspace, related, { signal }),
  ]);
  const { wait, who } = view;
  const { result, input, attempts, correlationId, dedupKey } = whole;
  const isOthers = isForeign(caller, space);
  return {
    job: toJobView(record, { wait, who, result }),
    attempts,
    inputText: isOthers ? null : textOf(input),
    resultText: result === null ? null : textOf(result),
    correlationId,
    dedupKey,
    related: others,
    isForeign: isOthers,
    nowMs: Date.now(),
  };
}

/** JSON for people, as much of it as a page shows. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value, null, 2) ?? "null";
  return text.length <= MAX_SHOWN_CHARACTERS
    ? text
    : `${text.slice(0, MAX_SHOWN_CHARACTERS)}\n…`;
}
