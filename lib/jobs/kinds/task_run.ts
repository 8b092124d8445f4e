/** `task.run`: has a model do a task, and posts what comes of it into the task's thread. */
import * as z from "zod";
import type { JobAnswers } from "@/lib/chat/job_answers.ts";
import type { TaskRuns } from "@/lib/chat/task_runs.ts";
import { AppError } from "@/lib/errors.ts";
import {
  type JobContext,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import { isId } from "@/lib/shared/ids.ts";

const inputSchema = z.strictObject({
  taskId: z.string().refine((text) => isId("tsk", text), {
    error: "must be an id that begins with tsk_",
  }),
  /** Of the task, when it was to be done. */
  title: z.string(),
});

type TaskRunInput = z.output<typeof inputSchema>;

const MINUTE_MS = 60_000;

export class TaskRun implements JobKind<TaskRunInput> {
  readonly kind = "task.run";
  readonly input = inputSchema;
  readonly notifies = true;
  // The task says that it is being done, so it begins with the task: `POST /api/tasks/:id/run`.
  readonly isPublic = false;
  readonly priority = "normal";
  readonly maxAttempts = 4;
  readonly deadlineMs = 30 * MINUTE_MS;
  readonly perProcess = 32;
  readonly perWorkspace = 16;
  readonly #runs: TaskRuns;
  readonly #answers: JobAnswers;

  constructor(runs: TaskRuns, answers: JobAnswers) {
    this.#runs = runs;
    this.#answers = answers;
  }

  describe({ title }: TaskRunInput): string {
    return `Task “${title}”`;
  }

  async handle(context: JobContext<TaskRunInput>): Promise<JobOutcome> {
    const { id, space, input } = context;
    try {
      const { threadId, prompt } = await this.#runs.question(
        space,
        input.taskId,
        id,
      );
      return await this.#answers.ask(context, { threadId, content: prompt });
    } catch (error) {
      if (error instanceof AppError && error.status === 404) {
        throw new JobRefusal("The task or its thread is not there any more");
      }
      throw error;
    }
  }
}
