import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Swatch } from "@/components/projects/Swatch.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import { describeDue } from "@/lib/shared/due.ts";
import type { TaskJob, TaskRow } from "@/lib/shared/task_rows.ts";
import type { TaskStatus } from "@/lib/shared/wire.ts";

export interface TaskItemProps {
  row: TaskRow;
  clock: Clock;
  /** Page to come back to from a form. */
  back: string;
  /** Whether its project goes without saying. */
  isInProject: boolean;
  isBusy: boolean;
  /** Whether the viewer only reads. */
  readsOnly: boolean;
  onStatus: (row: TaskRow, status: TaskStatus) => void;
  onDelete: (row: TaskRow) => void;
  onRun: (row: TaskRow) => void;
}

/** A task in a list. Each button is a form, so that it works before any script, or without. */
export function TaskItem(props: TaskItemProps): VNode {
  const { row, back, isBusy, readsOnly, onStatus, onDelete, onRun } = props;
  const { task } = row;
  const isDone = task.status === "done";
  const isAtIt = row.job !== null && isGoingOn(row.job);
  const toggled = isDone ? "todo" : "done";
  return (
    <li class="task" data-status={task.status} aria-busy={isBusy}>
      <ActionForm
        row={row}
        back={back}
        action="status"
        status={toggled}
        onSubmit={() => onStatus(row, toggled)}
      >
        <button
          class="tick"
          type="submit"
          disabled={readsOnly}
          aria-label={`${isDone ? "Reopen" : "Mark done"}: ${task.title}`}
        >
          <span class="tick-box">{isDone && <Icon name="check" small />}</span>
        </button>
      </ActionForm>
      <div class="task-body">
        <div class="task-head">
          <a
            class="task-title"
            href={tasksHref(props, { edit: task.id, back })}
          >
            {task.title}
          </a>
          {task.status === "doing" && (
            <span class="badge" data-kind="accent">Doing</span>
          )}
          {isDone && <span class="badge" data-kind="good">Done</span>}
        </div>
        <Facts {...props} />
        {row.job !== null && <JobFact job={row.job} />}
      </div>
      {!readsOnly && (
        <div class="task-acts">
          {!isDone && !isAtIt && (
            <ActionForm
              row={row}
              back={back}
              action="run"
              onSubmit={() => onRun(row)}
            >
              <button
                class="btn btn-quiet btn-small"
                type="submit"
                aria-label={`Let the model do it: ${task.title}`}
                title="A model answers in the task’s thread"
              >
                Let the model do it
              </button>
            </ActionForm>
          )}
          {task.status === "todo" && (
            <ActionForm
              row={row}
              back={back}
              action="status"
              status="doing"
              onSubmit={() => onStatus(row, "doing")}
            >
              <button
                class="btn btn-quiet btn-small"
                type="submit"
                aria-label={`Start: ${task.title}`}
              >
                Start
              </button>
            </ActionForm>
          )}
          <ActionForm
            row={row}
            back={back}
            action="delete"
            onSubmit={() => onDelete(row)}
          >
            <button
              class="btn btn-quiet btn-icon btn-small"
              type="submit"
              aria-label={`Delete task: ${task.title}`}
            >
              <Icon name="trash" small />
            </button>
          </ActionForm>
        </div>
      )}
    </li>
  );
}

function isGoingOn({ status }: TaskJob): boolean {
  return status === "queued" || status === "running";
}

/** What the model is at, or why it has given up. */
function JobFact({ job }: { job: TaskJob }): VNode | null {
  if (isGoingOn(job)) {
    return (
      <p class="task-job">
        <span class="status" data-state="running">
          <span class="flow" />
          {job.status === "queued" ? "Waits for a model" : "A model is at it"}
        </span>{" "}
        <a href={`/jobs/${job.id}`}>Show the job</a>
      </p>
    );
  }
  if (job.status !== "dead") return null;
  return (
    <p class="task-job">
      <span class="status" data-state="bad">
        <Icon name="alert" />
        The model gave up: {job.error ?? "nobody knows why"}
      </span>{" "}
      <a href={`/jobs/${job.id}`}>Show the job</a>
    </p>
  );
}

function ActionForm(
  { row, back, action, status, onSubmit, children }: {
    row: TaskRow;
    back: string;
    action: string;
    status?: TaskStatus;
    onSubmit: () => void;
    children: VNode;
  },
): VNode {
  return (
    <form
      method="post"
      action="/tasks"
      onSubmit={(event) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <input type="hidden" name="action" value={action} />
      <input type="hidden" name="id" value={row.task.id} />
      <input type="hidden" name="version" value={row.task.version} />
      <input type="hidden" name="back" value={back} />
      {status && <input type="hidden" name="status" value={status} />}
      {children}
    </form>
  );
}

/** On `/tasks` itself without the path: the framework marks links to the page's own as current. */
function tasksHref(
  { isInProject }: TaskItemProps,
  params: Record<string, string>,
): string {
  return `${isInProject ? "/tasks" : ""}?${new URLSearchParams(params)}`;
}

function Facts(props: TaskItemProps): VNode | null {
  const { row, clock, isInProject } = props;
  const { task, project, thread } = row;
  const due = task.dueAt === null ? null : describeDue(
    task.dueAt,
    task.status === "done",
    new Date(clock.nowMs),
    clock.timeZone,
  );
  const hasProject = project !== null && !isInProject;
  const isPlain = due === null && !hasProject && thread === null &&
    task.tags.length === 0 && task.notes === "";
  if (isPlain) return null;
  return (
    <div class="task-facts">
      {hasProject && (
        <a class="task-project" href={`/projects/${project.id}`}>
          <Swatch color={project.color} />
          <span class="cut">{project.name}</span>
        </a>
      )}
      {due !== null && (
        <span class="status" data-state={due.isOverdue ? "bad" : undefined}>
          {due.isOverdue && <Icon name="alert" />}
          {due.words}
        </span>
      )}
      {thread !== null && (
        <a class="task-thread" href={`/c/${thread.id}`}>
          <span class="cut">
            <span class="sr">Thread:&#32;</span>
            {thread.title}
          </span>
        </a>
      )}
      {task.tags.map((tag) => (
        <a
          key={tag}
          class="tag"
          href={tasksHref(props, { tag })}
        >
          {tag}
        </a>
      ))}
      {task.notes !== "" && <p class="task-notes cut">{task.notes}</p>}
    </div>
  );
}
