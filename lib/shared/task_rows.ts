/** A task as lists show it, with what it points to. */
import type { Job, Project, Task } from "./wire.ts";

/** What a task's job is at, or came to. */
export type TaskJob = Pick<Job, "id" | "status" | "error">;

export interface TaskRow {
  task: Task;
  project: Pick<Project, "id" | "name" | "color"> | null;
  thread: { id: string; title: string } | null;
  /** The job in which a model does it, or did last; null: none, or one that is kept no longer. */
  job: TaskJob | null;
}
