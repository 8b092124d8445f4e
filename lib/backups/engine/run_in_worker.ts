/** Does a task of backups in a worker that is begun for it: SQLite holds up the thread that it works in. */
import type {
  BackupResult,
  BackupTask,
  BackupWorkerAnswer,
} from "./backup_task.ts";
import type { Tell } from "./store_copy.ts";

/** Where the built program stands; the sources are beside it. */
const BUILT_FOLDER = "/_fresh/";

/**
 * @throws {Error} when the task fails, or there is no worker to do it
 * @throws the signal's reason when it aborts; what the worker was at is left as it is
 */
export function runInWorker<T extends BackupTask>(
  task: T,
  signal: AbortSignal,
  tell: Tell = () => {},
): Promise<BackupResult<T>> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const worker = new Worker(workerAddress(), {
      type: "module",
      name: "backups",
    });
    const end = (settle: () => void) => {
      signal.removeEventListener("abort", giveUp);
      worker.terminate();
      settle();
    };
    const giveUp = () => end(() => reject(signal.reason));
    signal.addEventListener("abort", giveUp);
    worker.onmessage = ({ data }: MessageEvent<BackupWorkerAnswer>) => {
      if (data.type === "progress") tell(data.value);
      else if (data.type === "failed") {
        end(() => reject(new Error(data.message)));
      } // Both ends are this program.
      else end(() => resolve(data.result as BackupResult<T>));
    };
    worker.onerror = (event) => {
      event.preventDefault();
      end(() => reject(new Error(`The worker ended: ${event.message}`)));
    };
    worker.postMessage(task);
  });
}

function workerAddress(): URL {
  const here = import.meta.url;
  const built = here.lastIndexOf(BUILT_FOLDER);
  return built === -1 ? new URL("./backup_worker.ts", here) : new URL(
    "lib/backups/engine/backup_worker.ts",
    `${here.slice(0, built)}/`,
  );
}
