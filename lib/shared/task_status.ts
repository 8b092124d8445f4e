/** The states of a task, in the order it goes through them, and the words for them. */
import type { TaskStatus } from "./wire.ts";

export const TASK_STATUSES = [
  "todo",
  "doing",
  "done",
] as const satisfies readonly TaskStatus[];

export const TASK_STATUS_WORDS: Record<TaskStatus, string> = {
  todo: "To do",
  doing: "Doing",
  done: "Done",
};

export function isTaskStatus(text: string | null): text is TaskStatus {
  return TASK_STATUSES.some((status) => status === text);
}
