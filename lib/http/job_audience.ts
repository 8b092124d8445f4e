/** Which jobs people are shown of their own: what they asked for, or are told the end of. */
import type { JobKinds } from "@/lib/jobs/job_kind.ts";
import type { JobStatus } from "@/lib/jobs/job_record.ts";

/** Kinds that go on behind other things, such as the titles of threads; only a failure of one is shown. */
export function quietKinds(kinds: JobKinds): string[] {
  return kinds.all.filter(({ isPublic, notifies }) => !isPublic && !notifies)
    .map(({ kind }) => kind);
}

/** Kinds that are left out of a list of somebody's own jobs. */
export function hiddenKinds(
  kinds: JobKinds,
  status: JobStatus | null,
): ReadonlySet<string> {
  return new Set(status === "dead" ? [] : quietKinds(kinds));
}
