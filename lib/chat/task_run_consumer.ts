/** Lets a task follow the job that does it, whatever becomes of the process that had it. */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import type { TaskStatus } from "@/lib/shared/wire.ts";
import type { JobAnswers } from "./job_answers.ts";
import { changed } from "./task_runs.ts";
import type { TaskStore } from "./task_store.ts";

export interface TaskRunConsumerParts {
  tasks: TaskStore;
  jobStore: Pick<JobStore, "load">;
  answers: Pick<JobAnswers, "stop">;
}

/** Tasks of one step: each takes a check. */
const TASKS_PER_STEP = 8;

/** The state of a task when its job is told of, by what it was before. */
const NEXT: Readonly<
  Record<string, Partial<Record<TaskStatus, TaskStatus>>>
> = {
  "job.started": { todo: "doing" },
  "job.completed": { todo: "done", doing: "done" },
  "job.dead": { doing: "todo" },
  "job.cancelled": { doing: "todo" },
};

export class TaskRunConsumer implements Consumer {
  readonly name = "task-runs";
  readonly #parts: TaskRunConsumerParts;

  constructor(parts: TaskRunConsumerParts) {
    this.#parts = parts;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: Parameters<Consumer["handle"]>[1],
  ): Promise<number> {
    const touched = new Set<string>();
    for (const [place, { space, event }] of events.entries()) {
      const { kind } = event.data;
      if (event.type === "job.cancelled" && kind === "answer.background") {
        await this.#stop(space, event.subject);
      }
      const next = kind === "task.run" ? NEXT[event.type] : undefined;
      if (next === undefined) continue;
      const job = await this.#parts.jobStore.load(space, event.subject);
      const { taskId } = (job?.record.input ?? {}) as { taskId?: string };
      if (taskId === undefined) continue;
      // What this step has changed is read anew by the next one.
      if (touched.has(taskId) || touched.size === TASKS_PER_STEP) return place;
      const old = await this.#parts.tasks.load(space, taskId);
      if (event.type === "job.cancelled" && old?.record.threadId) {
        await this.#stopIn(space, event.subject, old.record.threadId);
      }
      const status = old === null ? undefined : next[old.record.status];
      if (old === null || old.record.jobId !== event.subject) continue;
      if (status === undefined) continue;
      this.#parts.tasks.change(unit, space, old, changed(old, { status }));
      touched.add(taskId);
    }
    return events.length;
  }

  /** Tasks whose events were missed keep the state that they have; people set it by hand. */
  resync(): Promise<null> {
    return Promise.resolve(null);
  }

  /** A job that was cancelled between two attempts has nobody to stop its answer. */
  async #stop(space: string, id: string): Promise<void> {
    const job = await this.#parts.jobStore.load(space, id);
    const { threadId } = (job?.record.input ?? {}) as { threadId?: string };
    if (threadId !== undefined) await this.#stopIn(space, id, threadId);
  }

  async #stopIn(space: string, job: string, thread: string): Promise<void> {
    try {
      await this.#parts.answers.stop(space, job, thread);
    } catch (error) {
      // A thread that is gone has no answers that go on.
      if ((error as { status?: number }).status !== 404) throw error;
    }
  }
}
