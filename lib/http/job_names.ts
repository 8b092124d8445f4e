/** Whose jobs they are, in words. */
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import { userOf } from "@/lib/shared/spaces.ts";
import type { State } from "@/utils.ts";

/** Emails (or names) of the people whose jobs these are, by their ids. */
export async function namesOfJobs(
  { services: { users } }: State,
  records: readonly JobRecord[],
): Promise<ReadonlyMap<string, string>> {
  const ids = new Set(
    records.flatMap(({ space, askedBy }) =>
      askedBy?.user ?? userOf(space) ?? []
    ),
  );
  const accounts = await Promise.all([...ids].map((id) => users.account(id)));
  return new Map(
    accounts.flatMap((account) =>
      account === null
        ? []
        : [[account.id, account.email || account.name || "you"] as const]
    ),
  );
}
