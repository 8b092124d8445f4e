/** A task as lists show it, with what it points to. */
import type { Project, Task } from "./wire.ts";

export interface TaskRow {
  task: Task;
  project: Pick<Project, "id" | "name" | "color"> | null;
  thread: { id: string; title: string } | null;
}
