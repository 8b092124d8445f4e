/** `?projectId`, `?status` and `?tag` of a list of tasks. */
import type { TaskQuery } from "@/lib/chat/tasks.ts";
import { AppError } from "@/lib/errors.ts";
import { isTaskStatus, TASK_STATUSES } from "@/lib/shared/task_status.ts";

/**
 * Reads which tasks are wanted; an empty value narrows nothing, as a form sends it.
 * @throws {AppError} 400 `invalid_request` for a status there is not
 */
export function readTaskQuery(url: URL): TaskQuery {
  const read = (name: string) => url.searchParams.get(name) || undefined;
  const status = read("status");
  if (status !== undefined && !isTaskStatus(status)) {
    const message = `must be one of ${TASK_STATUSES.join(", ")}`;
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: `status ${message}`,
      errors: [{ path: "status", message }],
    });
  }
  return { projectId: read("projectId"), status, tag: read("tag") };
}
