/** What the pages with tasks show, loaded. */
import { isId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { TaskRow } from "@/lib/shared/task_rows.ts";
import type { Project, Task } from "@/lib/shared/wire.ts";
import type { TaskQuery } from "@/lib/chat/tasks.ts";
import type { State } from "@/utils.ts";

/** Projects and tags that a page offers for a choice, at most. */
const MOST_CHOICES = 200;

/** The newest projects, for a choice. */
export async function loadProjects(state: State): Promise<Project[]> {
  const { items } = await state.services.projects.list(state.space, {
    limit: MOST_CHOICES,
    cursor: null,
  });
  return items;
}

/** Names of tags, for suggestions. */
export async function loadTagNames(state: State): Promise<string[]> {
  const { items } = await state.services.tags.list(state.space, {
    limit: MOST_CHOICES,
    cursor: null,
  });
  return items.map(({ name }) => name);
}

/** A page of tasks with what they point to. */
export async function loadTaskRows(
  state: State,
  query: TaskQuery,
  page: PageQuery,
): Promise<{ rows: TaskRow[]; nextCursor: string | null }> {
  const { services, space } = state;
  const { items, nextCursor } = await services.tasks.list(
    space,
    query,
    page,
  );
  return { rows: await toTaskRows(state, items), nextCursor };
}

/** Tasks with what they point to. */
export async function toTaskRows(
  { services, space }: State,
  tasks: Task[],
): Promise<TaskRow[]> {
  const distinct = (ids: (string | null)[]) => [
    ...new Set(ids.filter((id) => id !== null)),
  ];
  const [projects, threads, jobs] = await Promise.all([
    services.projects.findMany(
      space,
      distinct(tasks.map(({ projectId }) => projectId)),
    ),
    Promise.all(
      distinct(tasks.map(({ threadId }) => threadId)).map((id) =>
        services.threads.get(space, id)
      ),
    ),
    services.taskRuns.jobs(space, distinct(tasks.map(({ jobId }) => jobId))),
  ]);
  return tasks.map((task) => {
    const project = projects.find(({ id }) => id === task.projectId);
    const thread = threads.find((found) => found?.id === task.threadId);
    return {
      task,
      project: project === undefined
        ? null
        : { id: project.id, name: project.name, color: project.color },
      thread: thread ? { id: thread.id, title: thread.title } : null,
      job: jobs.find(({ id }) => id === task.jobId) ?? null,
    };
  });
}

/** The id in a parameter, or null for what is none. */
export function readDeletedId(url: URL, prefix: "tsk" | "prj"): string | null {
  const id = url.searchParams.get("deleted");
  return id !== null && isId(prefix, id) ? id : null;
}
