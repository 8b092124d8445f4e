/** `answer.background`: asks a thread a question and waits for the answer, whoever is there to see it. */
import * as z from "zod";
import type { JobAnswers } from "@/lib/chat/job_answers.ts";
import { runOptionsSchema } from "@/lib/chat/run_input.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";
import { firstLine } from "@/lib/shared/first_line.ts";
import { isId } from "@/lib/shared/ids.ts";

/** A longer question is asked by `POST /api/threads/:id/runs`. */
const MAX_QUESTION_CHARACTERS = 16_000;

const inputSchema = z.strictObject({
  threadId: z.string().refine((text) => isId("thr", text), {
    error: "must be an id that begins with thr_",
  }),
  content: z.string().trim().min(1).max(MAX_QUESTION_CHARACTERS),
  ...runOptionsSchema.shape,
});

export type BackgroundQuestion = z.output<typeof inputSchema>;

const MINUTE_MS = 60_000;

export class AnswerBackground implements JobKind<BackgroundQuestion> {
  readonly kind = "answer.background";
  readonly input = inputSchema;
  readonly notifies = true;
  readonly isPublic = true;
  readonly priority = "normal";
  readonly maxAttempts = 4;
  readonly deadlineMs = 30 * MINUTE_MS;
  readonly perProcess = 32;
  readonly perWorkspace = 16;
  readonly #answers: JobAnswers;

  constructor(answers: JobAnswers) {
    this.#answers = answers;
  }

  describe({ content }: BackgroundQuestion): string {
    return `Answer to “${firstLine(content)}”`;
  }

  async handle(
    context: JobContext<BackgroundQuestion>,
  ): Promise<JobOutcome> {
    return await this.#answers.ask(context, context.input);
  }
}
