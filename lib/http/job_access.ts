/** Whose jobs a caller may see and act on: their own, and as an admin every one of the workspace. */
import { type Caller, mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import type { JobKind, JobNeeds } from "@/lib/jobs/job_kind.ts";
import { isId } from "@/lib/shared/ids.ts";
import { userOf } from "@/lib/shared/spaces.ts";
import type { Job } from "@/lib/shared/wire.ts";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { State } from "@/utils.ts";

/**
 * The job that a request names.
 * @throws {AppError} 404 `not_found` for one there is not, or not for the caller
 */
export async function requireJob(
  { services: { jobLists, jobStore }, caller, space }: State,
  id: string,
  signal?: AbortSignal,
): Promise<JobRecord> {
  if (isId("job", id)) {
    const own = (await jobStore.load(space, id))?.record;
    const record = own ??
      (mayActAs(caller, "admin")
        ? await jobLists.find(caller.workspace, id, signal)
        : null);
    if (record !== null) return record;
  }
  throw new AppError({
    status: 404,
    code: "not_found",
    message: "There is no such job.",
  });
}

/** What is a person's own of a job: what they wrote, and what came of it. */
type Private = Pick<
  Job,
  "title" | "kind" | "input" | "result" | "dedupKey" | "progress"
>;

/**
 * A job as a caller may see it. Of another person's an admin sees how it goes and why it fails, but nothing
 * of what it is about.
 * @param space where the job belongs
 */
export function seenBy<Shown extends Private>(
  { caller }: Pick<State, "caller">,
  space: string,
  job: Shown,
): Shown {
  if (!isForeign(caller, space)) return job;
  return {
    ...job,
    title: job.kind,
    input: null,
    result: null,
    dedupKey: null,
    progress: { ...job.progress, message: "" },
  };
}

/** Whether what is in a space is another person's than the caller. */
export function isForeign({ user }: Caller, space: string): boolean {
  const owner = userOf(space);
  return owner !== null && owner !== user;
}

/**
 * The space in which a list looks.
 * @throws {AppError} 403 `forbidden` for the workspace's to whom does not run it
 */
export function jobSpace(
  { caller, space }: State,
  scope: "own" | "workspace",
): string {
  if (scope === "own") return space;
  if (mayActAs(caller, "admin")) return caller.workspace;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "Jobs of the whole workspace are for its admins.",
  });
}

/**
 * The kind of a job that somebody wants begun.
 * @param input of the job; one that is none of the kind is refused when the job is made
 * @throws {AppError} 400 `unknown_job_kind` for one that there is not or that only the program begins, 403
 *   `forbidden` for one that takes more than the caller is
 */
export function requireJobKind(
  { services: { jobKinds }, caller }: State,
  name: string,
  input: unknown,
): JobKind {
  const kind = jobKinds.get(name);
  if (!kind?.isPublic) {
    throw new AppError({
      status: 400,
      code: "unknown_job_kind",
      message: `There is no kind of job “${name}” that can be asked for.`,
      errors: [{ path: "kind", message: "is none that can be asked for" }],
    });
  }
  requireNeeds(caller, kind.needs);
  const parsed = kind.input.safeParse(input);
  if (parsed.success) requireNeeds(caller, kind.needsFor?.(parsed.data));
  return kind;
}

/**
 * Checks whether somebody may begin a job again: what its kind takes counts as it did the first time.
 * @throws {AppError} 403 `forbidden`
 */
export function requireMayRetry(
  { services: { jobKinds }, caller }: State,
  { kind }: Pick<JobRecord, "kind">,
): void {
  const known = jobKinds.get(kind);
  if (known !== null) requireNeeds(caller, known.needs);
}

/** Whether somebody may ask for jobs of a kind; false for one that there is not. */
export function mayBegin(
  { services: { jobKinds }, caller }: State,
  name: string,
): boolean {
  const kind = jobKinds.get(name);
  return kind !== null && kind.isPublic && mayActAs(caller, "member") &&
    hasNeeds(caller, kind.needs);
}

function hasNeeds(caller: Caller, needs: JobNeeds | undefined): boolean {
  return needs === undefined ||
    (mayActAs(caller, "admin") && (needs === "admin" || caller.isOperator));
}

function requireNeeds(caller: Caller, needs: JobNeeds | undefined): void {
  if (hasNeeds(caller, needs)) return;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: needs === "admin"
      ? "This takes the role admin or more."
      : "This takes an admin of the server.",
  });
}
