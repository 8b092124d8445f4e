/** `thread.title`: has a cheap model name a thread after its first answer. */
import * as z from "zod";
import type { Titles } from "@/lib/chat/titles.ts";
import type { JobContext, JobKind, JobOutcome } from "@/lib/jobs/job_kind.ts";

const inputSchema = z.strictObject({
  threadId: z.string(),
  /** Whose answer it is made of. */
  runId: z.string(),
});

type TitleInput = z.output<typeof inputSchema>;

const DEADLINE_MS = 60_000;

export class ThreadTitle implements JobKind<TitleInput> {
  readonly kind = "thread.title";
  readonly input = inputSchema;
  readonly isPublic = false;
  readonly priority = "bulk";
  // A model that gives no title ends the job: only one that lost its process is begun again.
  readonly maxAttempts = 2;
  readonly deadlineMs = DEADLINE_MS;
  readonly perProcess = 3;
  readonly perWorkspace = 2;
  readonly #titles: Pick<Titles, "afterAnswer" | "isClosing">;

  constructor(titles: Pick<Titles, "afterAnswer" | "isClosing">) {
    this.#titles = titles;
  }

  describe(): string {
    return "Title of a thread";
  }

  async handle(
    { space, input, signal }: JobContext<TitleInput>,
  ): Promise<JobOutcome> {
    await this.#titles.afterAnswer(space, input.threadId, input.runId);
    // What the end of the process has cut off is for the next one.
    if (this.#titles.isClosing) await aborted(signal);
    signal.throwIfAborted();
    return { result: { href: `/c/${input.threadId}` } };
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
