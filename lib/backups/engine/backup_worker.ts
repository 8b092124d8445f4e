/// <reference lib="deno.worker" />
/** A worker that does one task; see `run_in_worker.ts`. */
import {
  type BackupTask,
  type BackupWorkerAnswer,
  doBackupTask,
} from "./backup_task.ts";

function tell(answer: BackupWorkerAnswer): void {
  self.postMessage(answer);
}

self.onmessage = async ({ data }: MessageEvent<BackupTask>) => {
  try {
    const result = await doBackupTask(
      data,
      (value) => tell({ type: "progress", value }),
    );
    tell({ type: "done", result });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    tell({ type: "failed", message });
  }
};
