/** Tasks that models do, followed as they go on. */
import { live } from "@/lib/shared/live/live_client.ts";
import type { TaskRow } from "@/lib/shared/task_rows.ts";

/**
 * Calls back with each row that is to be read anew, until the returned function is called.
 * @param rows those that are on view
 */
export function followTasks(
  rows: () => readonly TaskRow[],
  renew: (row: TaskRow) => void,
): () => void {
  const renewAll = () => {
    // Only what goes on may have changed by itself.
    for (const row of rows()) if (row.task.status === "doing") renew(row);
  };
  const stops = [
    live().on("tasks", ({ id, type, data }) => {
      if (type === "channel.refused") return;
      if (id === null) return renewAll();
      const { taskId } = data as { taskId?: unknown };
      const row = rows().find(({ task }) => task.id === taskId);
      if (row !== undefined) renew(row);
    }),
    live().on("jobs", ({ id, type, data }) => {
      if (id === null || type === "job.progress") return;
      const { jobId } = data as { jobId?: unknown };
      const row = rows().find(({ task }) => task.jobId === jobId);
      if (row !== undefined) renew(row);
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
