/** Tasks that a model does: the job that does one begins, and ends, together with the task's own state. */
import type { StoredCaller } from "@/lib/auth/stored_callers.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import { isOver } from "@/lib/jobs/job_record.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { isId } from "@/lib/shared/ids.ts";
import type { Job } from "@/lib/shared/wire.ts";
import type { Projects } from "./projects.ts";
import { notFound } from "./refusals.ts";
import { retryOnConflict } from "./retry_on_conflict.ts";
import type { TaskRecord } from "./task_record.ts";
import type { LoadedTask, TaskStore } from "./task_store.ts";
import type { Threads } from "./threads.ts";

export interface TaskRunParts {
  tasks: TaskStore;
  threads: Pick<Threads, "create" | "get">;
  projects: Pick<Projects, "findMany">;
  jobs: Pick<Jobs, "prepare" | "get">;
  jobStore: Pick<JobStore, "enqueue" | "findDuplicate" | "load">;
}

const KIND = "task.run";

export class TaskRuns {
  readonly #parts: TaskRunParts;

  constructor(parts: TaskRunParts) {
    this.#parts = parts;
  }

  /**
   * Has a model do a task: the job is enqueued and the task says that it is being done, or neither. While
   * it is being done already, that job is what the caller gets.
   * @throws {AppError} 404 `not_found`
   */
  async start(
    space: string,
    taskId: string,
    askedBy: StoredCaller,
  ): Promise<{ job: Job; isNew: boolean }> {
    const { tasks, jobs, jobStore } = this.#parts;
    return await retryOnConflict(async () => {
      const old = await this.#load(space, taskId);
      const there = await jobStore.findDuplicate(space, KIND, taskId);
      if (there !== null && !isOver(there.record)) {
        return { job: await jobs.get(space, there.record.id), isNew: false };
      }
      const job = jobs.prepare(space, {
        kind: KIND,
        input: { taskId, title: old.record.title },
        dedupKey: taskId,
        askedBy,
      });
      const ok = await tasks.replaceWith(
        space,
        old,
        changed(old, { status: "doing", jobId: job.id }),
        (unit) => jobStore.enqueue(unit, job),
      );
      return ok
        ? { job: await jobs.get(space, job.id), isNew: true }
        : "conflict";
    });
  }

  /** How some jobs stand; those that are kept no longer are not in it. */
  async jobs(
    space: string,
    ids: readonly string[],
  ): Promise<Pick<Job, "id" | "status" | "error">[]> {
    const { jobStore } = this.#parts;
    const found = await Promise.all(ids.map((id) => jobStore.load(space, id)));
    return found.flatMap((loaded) => {
      if (loaded === null) return [];
      const { id, status, error } = loaded.record;
      return [{ id, status, error }];
    });
  }

  /**
   * What a model is asked for a task, and where: in the task's thread, which is made for it if it has none.
   * @throws {AppError} 404 `not_found`
   */
  async question(
    space: string,
    taskId: string,
    job: string,
  ): Promise<{ threadId: string; prompt: string }> {
    const { tasks, threads } = this.#parts;
    return await retryOnConflict(async () => {
      const old = await this.#load(space, taskId);
      const { record } = old;
      const prompt = promptOf(record);
      const there = record.threadId === null
        ? null
        : await threads.get(space, record.threadId);
      if (there !== null) return { threadId: there.id, prompt };
      const projectId = await this.#project(space, record);
      const { id: threadId } = await threads.create(
        space,
        { title: record.title, projectId },
        `${job} thread`,
      );
      const after = changed(old, { threadId });
      const ok = await tasks.replaceWith(space, old, after);
      return ok ? { threadId, prompt } : "conflict";
    });
  }

  async #project(
    space: string,
    { projectId }: TaskRecord,
  ): Promise<string | undefined> {
    if (projectId === null) return undefined;
    const found = await this.#parts.projects.findMany(space, [projectId]);
    return found.length === 0 ? undefined : projectId;
  }

  async #load(space: string, taskId: string): Promise<LoadedTask> {
    const loaded = isId("tsk", taskId)
      ? await this.#parts.tasks.load(space, taskId)
      : null;
    if (loaded === null) throw notFound("task");
    return loaded;
  }
}

/** A task as the program changes it. */
export function changed(
  { record }: LoadedTask,
  changes: Partial<TaskRecord>,
): TaskRecord {
  return {
    ...record,
    ...changes,
    version: record.version + 1,
    updatedAt: new Date().toISOString(),
  };
}

function promptOf({ title, notes, dueAt }: TaskRecord): string {
  return [
    "Do this task, and answer with what comes of it.",
    `Task: ${title}`,
    ...(notes.trim() === "" ? [] : [`Notes:\n${notes.trim()}`]),
    ...(dueAt === null ? [] : [`Due: ${dueAt}`]),
  ].join("\n\n");
}
