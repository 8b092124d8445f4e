/** What pages ask of `/api/tasks`. A refusal becomes a `TaskRefused` with words for a person. */
import type { TaskRow } from "./task_rows.ts";
import type { Job, Problem, Task, TaskStatus, Thread } from "./wire.ts";

/** How long the server may take, in milliseconds. */
const DEADLINE_MS = 30_000;

/** The server answered with an error, or not at all. */
export class TaskRefused extends Error {
  override readonly name = "TaskRefused";
  /** Status of the answer; null when there was none. */
  readonly status: number | null;

  constructor(message: string, status: number | null) {
    super(message);
    this.status = status;
  }
}

/** How people call the fields that a form may get wrong. */
const FIELD_WORDS: Record<string, string> = {
  title: "The title",
  tags: "A tag",
  notes: "The notes",
};

/** The words of a refusal; a wrong field under the name that people know. */
function wordsOf({ detail, errors }: Partial<Problem>): string | undefined {
  const error = errors?.[0];
  const field = FIELD_WORDS[error?.path.split(".")[0] ?? ""];
  return field === undefined ? detail : `${field} ${error!.message}.`;
}

async function send(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined
        ? headers
        : { ...headers, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
  } catch {
    throw new TaskRefused(
      "The server could not be reached. Nothing was changed.",
      null,
    );
  }
  if (response.ok) return response;
  const problem: Partial<Problem> = await response.json().catch(() => ({}));
  const words = response.status === 401
    ? "You are signed out. Load the page again to sign in."
    : wordsOf(problem);
  throw new TaskRefused(
    words ?? `The server answered with an error (${response.status}).`,
    response.status,
  );
}

const ifMatch = ({ version }: Task) => ({ "if-match": `"${version}"` });

/**
 * Makes a task.
 * @param key the same for every try at the same task, so that there is one
 */
export async function createTask(
  input: Partial<Task> & Pick<Task, "title">,
  key: string,
): Promise<Task> {
  const headers = { "idempotency-key": key };
  return await (await send("POST", "/api/tasks", headers, input)).json();
}

/** Gives a task another status. @throws {TaskRefused} 412 when it was changed meanwhile */
export async function setTaskStatus(
  task: Task,
  status: TaskStatus,
): Promise<Task> {
  const path = `/api/tasks/${task.id}`;
  return await (await send("PATCH", path, ifMatch(task), { status })).json();
}

/** Has a model do a task; the job that does it already when there is one. */
export async function runTask(id: string): Promise<Job> {
  return await (await send("POST", `/api/tasks/${id}/run`, {})).json();
}

/** A task with its thread and its job as they are now; null: it is gone. */
export async function readTaskRow(row: TaskRow): Promise<TaskRow | null> {
  const read = async <T>(path: string): Promise<T | null> => {
    try {
      return await (await send("GET", path, {})).json();
    } catch (error) {
      if (error instanceof TaskRefused && error.status === 404) return null;
      throw error;
    }
  };
  const task = await read<Task>(`/api/tasks/${row.task.id}`);
  if (task === null) return null;
  const { threadId, jobId } = task;
  const [thread, job] = await Promise.all([
    threadId === null ? null : read<Thread>(`/api/threads/${threadId}`),
    jobId === null ? null : read<Job>(`/api/jobs/${jobId}`),
  ]);
  return { ...row, task, thread, job };
}

/** @throws {TaskRefused} 412 when it was changed meanwhile */
export async function deleteTask(task: Task): Promise<void> {
  await send("DELETE", `/api/tasks/${task.id}`, ifMatch(task));
}

/** Undoes the deletion of a task. */
export async function restoreTask(id: string): Promise<Task> {
  return await (await send("POST", `/api/tasks/${id}/restore`, {}, {})).json();
}
