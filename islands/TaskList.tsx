import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { useClock } from "@/components/chat/use_clock.ts";
import { Icon } from "@/components/Icon.tsx";
import { TaskItem } from "@/components/tasks/TaskItem.tsx";
import { announce, announcement } from "@/lib/shared/announce.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import {
  deleteTask,
  readTaskRow,
  restoreTask,
  runTask,
  setTaskStatus,
  TaskRefused,
} from "@/lib/shared/task_requests.ts";
import type { TaskRow } from "@/lib/shared/task_rows.ts";
import { TASK_STATUS_WORDS } from "@/lib/shared/task_status.ts";
import type { Task, TaskStatus } from "@/lib/shared/wire.ts";

export interface TaskListProps {
  rows: TaskRow[];
  clock: Clock;
  /** This page, to come back to from a form. */
  back: string;
  isInProject: boolean;
  /** Whether the viewer only reads. */
  readsOnly: boolean;
  /** Task whose deletion the toast can undo, when the page was asked for right after it. */
  deletedId: string | null;
}

/** What the toast says: a deletion to undo, or something that did not work. */
type Toast =
  | { kind: "deleted"; id: string; row: TaskRow | null; index: number }
  | { kind: "failed"; message: string; isStale: boolean };

/** The tasks of a page: ticked off, started, deleted and brought back in place. */
export default function TaskList(props: TaskListProps): VNode {
  const clock = useClock(props.clock);
  const [rows, setRows] = useState(props.rows);
  const shown = useRef(rows);
  shown.current = rows;
  const [busyIds, setBusyIds] = useState<readonly string[]>([]);
  const [toast, setToast] = useState<Toast | null>(
    props.deletedId === null
      ? null
      : { kind: "deleted", id: props.deletedId, row: null, index: 0 },
  );
  const undo = useRef<HTMLButtonElement>(null);
  const wantsFocus = useRef(false);
  // What is asked for now; the state above is only as new as the last rendering.
  const asked = useRef(new Set<string>());

  useEffect(() => {
    // The button that was pressed is gone with its row; Undo takes its place.
    if (toast?.kind === "deleted" && wantsFocus.current) undo.current?.focus();
    wantsFocus.current = false;
  }, [toast]);

  const attempt = async (id: string, work: () => Promise<void>) => {
    if (asked.current.has(id)) return;
    asked.current.add(id);
    setBusyIds([...asked.current]);
    try {
      await work();
    } catch (error) {
      if (!(error instanceof TaskRefused)) throw error;
      const isStale = error.status === 412 || error.status === 404;
      const message = isStale
        ? "This task was changed elsewhere meanwhile."
        : error.message;
      setToast({ kind: "failed", message, isStale });
      announce(message);
    } finally {
      asked.current.delete(id);
      setBusyIds([...asked.current]);
    }
  };

  useEffect(() => {
    let isGone = false;
    const stops: (() => void)[] = [];
    void import("@/lib/shared/tasks/follow_tasks.ts").then(
      ({ followTasks }) => {
        if (isGone) return;
        stops.push(followTasks(() => shown.current, (row) => renew(row)));
      },
    );
    return () => {
      isGone = true;
      for (const stop of stops) stop();
    };
  }, []);

  const renew = async (row: TaskRow) => {
    const now = await readTaskRow(row).catch(() => row);
    if (now === null || asked.current.has(row.task.id)) return;
    const before = shown.current.find(({ task }) => task.id === row.task.id);
    // Two readings may overtake each other.
    if (before === undefined || before.task.version > now.task.version) return;
    setRows((all) =>
      all.map((other) => other.task.id === now.task.id ? now : other)
    );
    if (before.task.status !== now.task.status) {
      announce(`${now.task.title}: ${TASK_STATUS_WORDS[now.task.status]}`);
    }
  };

  const run = (row: TaskRow) =>
    attempt(row.task.id, async () => {
      const { id, status, error } = await runTask(row.task.id);
      const task: Task = { ...row.task, status: "doing", jobId: id };
      setRows((all) =>
        all.map((other) =>
          other.task.id === task.id
            ? { ...other, task, job: { id, status, error } }
            : other
        )
      );
      announce(`A model does ${task.title}`);
    }).then(() => renew(row));

  const changeStatus = (row: TaskRow, status: TaskStatus) =>
    attempt(row.task.id, async () => {
      const task = await setTaskStatus(row.task, status);
      setRows((all) =>
        all.map((other) =>
          other.task.id === task.id ? { ...other, task } : other
        )
      );
      // What was said meanwhile, such as the way back from a deletion, stays.
      setToast((now) => now === toast ? null : now);
      announce(`${task.title}: ${TASK_STATUS_WORDS[status]}`);
    });

  const remove = (row: TaskRow) =>
    attempt(row.task.id, async () => {
      await deleteTask(row.task);
      const { id } = row.task;
      const index = rows.findIndex(({ task }) => task.id === id);
      setRows((all) => all.filter(({ task }) => task.id !== id));
      wantsFocus.current = true;
      setToast({ kind: "deleted", id, row, index });
      announce("Task deleted");
    });

  const bringBack = (deleted: Toast & { kind: "deleted" }) =>
    attempt(deleted.id, async () => {
      const task = await restoreTask(deleted.id);
      const { row, index } = deleted;
      // Deleted before this page was made: only the server knows where it belongs.
      if (row === null) return location.assign(props.back);
      setRows((all) => all.toSpliced(index, 0, { ...row, task }));
      setToast(null);
      announce("Task is back");
    });

  return (
    <>
      {rows.length > 0 && (
        <ul class="tasks">
          {rows.map((row) => (
            <TaskItem
              key={row.task.id}
              row={row}
              clock={clock}
              back={props.back}
              isInProject={props.isInProject}
              readsOnly={props.readsOnly}
              isBusy={busyIds.includes(row.task.id)}
              onStatus={changeStatus}
              onDelete={remove}
              onRun={run}
            />
          ))}
        </ul>
      )}
      {toast !== null && (
        <div class="toast toast-place">
          {toast.kind === "deleted"
            ? (
              <>
                Task deleted
                <form
                  method="post"
                  action="/tasks"
                  onSubmit={(event) => {
                    event.preventDefault();
                    bringBack(toast);
                  }}
                >
                  <input type="hidden" name="action" value="restore" />
                  <input type="hidden" name="id" value={toast.id} />
                  <input type="hidden" name="back" value={props.back} />
                  <button class="btn" type="submit" ref={undo}>Undo</button>
                </form>
              </>
            )
            : (
              <>
                {toast.message}
                {toast.isStale
                  ? <a class="btn" href={props.back}>Show it as it is now</a>
                  : (
                    <button
                      class="btn btn-icon"
                      type="button"
                      aria-label="Close"
                      onClick={() => setToast(null)}
                    >
                      <Icon name="close" small />
                    </button>
                  )}
              </>
            )}
        </div>
      )}
      <p class="sr" role="status">{announcement.value}</p>
    </>
  );
}
