/** Threads as they are seen, without what they point to and is not there any more. */
import type { Thread } from "@/lib/shared/wire.ts";
import type { Projects } from "./projects.ts";
import {
  type ThreadActivityRecord,
  type ThreadRecord,
  toThread,
} from "./records.ts";
import { parseRefKey, refKey, type TagStore } from "./tag_store.ts";

/** Where the names of what threads point to are found. */
export interface ThreadTargets {
  projects: Pick<Projects, "findMany">;
  tags: Pick<TagStore, "plan" | "findRef" | "readNames">;
}

/** What the browser sees of threads; a deleted project or tag is none. */
export async function showThreads(
  space: string,
  threads: { record: ThreadRecord; activity: ThreadActivityRecord }[],
  { projects, tags }: ThreadTargets,
): Promise<Thread[]> {
  const projectIds = new Set(
    threads.flatMap(({ record }) => record.projectId ?? []),
  );
  const refs = threads.flatMap(({ record }) =>
    (record.tags ?? []).map(parseRefKey)
  );
  const [found, names] = await Promise.all([
    projectIds.size === 0 ? [] : projects.findMany(space, [...projectIds]),
    refs.length === 0 ? new Map<string, string>() : tags.readNames(space, refs),
  ]);
  const there = new Set(found.map(({ id }) => id));
  return threads.map(({ record, activity }) => ({
    ...toThread(record, activity),
    projectId: there.has(record.projectId ?? "") ? record.projectId! : null,
    tags: (record.tags ?? []).flatMap((tag) =>
      names.get(refKey(parseRefKey(tag))) ?? []
    ),
  }));
}
