/** Answers that jobs ask for, in threads and in the name of whoever wanted them. */
import { type Asker, askerIn } from "@/lib/auth/asker.ts";
import type { StoredCallers } from "@/lib/auth/stored_callers.ts";
import { AppError } from "@/lib/errors.ts";
import {
  type JobContext,
  JobDelay,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import type { Run } from "@/lib/shared/wire.ts";
import type { Chat } from "./chat.ts";
import type { NewRun } from "./run_input.ts";
import type { Threads } from "./threads.ts";

/** What is asked, and where. */
export interface JobQuestion {
  threadId: string;
  content: string;
  model?: string;
  params?: Extract<NewRun, { message: unknown }>["params"];
}

export interface JobAnswerParts {
  chat: Pick<
    Chat,
    "startRun" | "follow" | "requireRun" | "stopRun" | "textOf"
  >;
  threads: Pick<Threads, "require" | "listMessages">;
  callers: Pick<StoredCallers, "asker">;
}

/** A thread that is being answered is asked again after so long, in milliseconds. */
const BUSY_MS = 2_000;
/** The process is about to end; another one takes over. */
const DRAINING_MS = 1_000;
/** A limit that does not say when it lets through again. */
const LIMITED_MS = 10_000;
/** Answers that were tried for one job, over all its attempts. */
const MOST_ANSWERS = 20;
/** What a key has to allow, if a key asked. */
const ENDPOINT = "/v1/chat/completions";

export class JobAnswers {
  readonly #parts: JobAnswerParts;

  constructor(parts: JobAnswerParts) {
    this.#parts = parts;
  }

  /**
   * Asks a thread and waits for its answer. Whatever becomes of the process, the question is asked once:
   * its message has the id of the job. An answer that has failed in an earlier attempt is answered again.
   * @throws {JobDelay} while the thread or a limit lets nothing through
   * @throws {JobRefusal} when no further attempt can help
   */
  async ask(
    context: JobContext<unknown>,
    question: JobQuestion,
  ): Promise<JobOutcome> {
    try {
      const run = await this.#answer(context, question);
      context.signal.throwIfAborted();
      return { result: resultOf(run) };
    } catch (error) {
      if (error instanceof AppError) throw refusalOf(error);
      throw error;
    }
  }

  async #answer(
    context: JobContext<unknown>,
    { threadId, content, model, params }: JobQuestion,
  ): Promise<Run> {
    const { id, space, attempt, log, progress } = context;
    const { chat, threads } = this.#parts;
    const [asker, thread] = await Promise.all([
      this.#asker(context),
      threads.require(space, threadId),
    ]);
    if (thread.temporary) {
      throw new JobRefusal("A temporary thread is kept nowhere, as jobs are");
    }
    const messageId = `msg_${id.slice("job_".length)}`;
    // What an earlier attempt has asked stands, whatever has become of the words meanwhile.
    const asked = await chat.textOf(space, threadId, messageId) ?? content;
    let wanted: NewRun = {
      message: { id: messageId, content: asked },
      model,
      params,
    };
    for (let answer = 1;; answer += 1) {
      const { run } = await chat.startRun(space, threadId, wanted, {
        asker,
        logger: log,
        requestId: null,
        idempotencyKey: answer === 1 ? null : `${id} ${answer}`,
      });
      progress(0.5, "Is being answered");
      const wasEnded = isEnded(run.status);
      const ended = wasEnded ? run : await this.#untilEnded(context, run.id);
      if (ended.status === "completed") return ended;
      const isStopped = ended.status === "cancelled";
      // What was stopped is asked again only where somebody begins the job anew, with a first attempt.
      if (isStopped && !(wasEnded && attempt === 1)) return ended;
      // In the attempt in which it has failed the queue says when it is asked again.
      if (!wasEnded || answer === MOST_ANSWERS) throw failureOf(ended);
      wanted = { regenerate: messageId, model, params };
    }
  }

  async #untilEnded(
    { space, signal }: JobContext<unknown>,
    runId: string,
  ): Promise<Run> {
    const { chat } = this.#parts;
    for await (const _ of chat.follow(space, runId, null, signal));
    if (isGivenUp(signal)) await chat.stopRun(space, runId);
    // A run that another process takes over goes on.
    signal.throwIfAborted();
    const run = await chat.requireRun(space, runId);
    if (isEnded(run.status)) return run;
    throw new JobDelay("The process is about to end", DRAINING_MS, false);
  }

  /** Whose limits and budgets the answer counts for. */
  async #asker({ space, askedBy }: JobContext<unknown>): Promise<Asker> {
    const user = userOf(space);
    if (user === null) throw new JobRefusal("Nobody asks");
    const workspace = workspaceOf(space);
    const caller = askedBy ?? { workspace, user, key: null, address: null };
    const asker = await this.#parts.callers.asker(caller, ENDPOINT);
    return { ...askerIn(space, undefined), ...asker };
  }

  /**
   * Stops the answer that a job has asked for, where there is one: of a job that was cancelled before its
   * next attempt had begun.
   */
  async stop(space: string, job: string, threadId: string): Promise<void> {
    const { chat, threads } = this.#parts;
    const questionId = `msg_${job.slice("job_".length)}`;
    const { items } = await threads.listMessages(
      space,
      threadId,
      { limit: 200, cursor: null },
      { whole: true },
    );
    for (const { parentId, status, runId } of items) {
      if (parentId !== questionId || runId === null) continue;
      if (status === "streaming") await chat.stopRun(space, runId);
    }
  }
}

function resultOf({ id, threadId, messageId, status, costMicroUsd }: Run) {
  return {
    href: `/c/${threadId}`,
    text: status === "cancelled"
      ? "The answer was stopped."
      : "The answer is in its thread.",
    threadId,
    messageId,
    runId: id,
    costMicroUsd,
  };
}

/** Whether the job was cancelled or took too long, while its process goes on. */
function isGivenUp({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Error &&
    /: (cancelled|deadline)$/.test(reason.message);
}

function failureOf({ error }: Run): Error {
  const words = error?.message ?? "The answer was broken off";
  return error === null || error.retryable
    ? new Error(words)
    : new JobRefusal(words);
}

/** What a refusal of the chat means for the job. */
function refusalOf(error: AppError): Error {
  const { code, status, message } = error;
  if (code === "thread_busy") return new JobDelay(message, BUSY_MS, false);
  if (code === "draining") return new JobDelay(message, DRAINING_MS, false);
  if (status === 429) {
    const seconds = Number(error.headers["retry-after"]);
    const afterMs = seconds > 0 ? 1_000 * seconds : LIMITED_MS;
    return new JobDelay(message, afterMs, false);
  }
  return error.retryable || status >= 500 ? error : new JobRefusal(message);
}
