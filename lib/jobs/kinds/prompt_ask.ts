/** `prompt.ask`: asks the prompt of a schedule in a thread and waits for its answer, as a person would. */
import * as z from "zod";
import { type Asker, askerIn } from "@/lib/auth/asker.ts";
import type { Standing } from "@/lib/auth/records.ts";
import { isAtLeast } from "@/lib/auth/roles.ts";
import type { Chat } from "@/lib/chat/chat.ts";
import type { NewRun } from "@/lib/chat/run_input.ts";
import type { Threads } from "@/lib/chat/threads.ts";
import { AppError } from "@/lib/errors.ts";
import {
  type JobContext,
  JobDelay,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import type { ScheduleRecord } from "@/lib/schedules/schedule_record.ts";
import type { ScheduleStore } from "@/lib/schedules/schedule_store.ts";
import { isId } from "@/lib/shared/ids.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import type { Run } from "@/lib/shared/wire.ts";

const inputSchema = z.strictObject({
  schedule: z.string().refine((text) => isId("sch", text), {
    error: "must be the id of a schedule",
  }),
  /** Of the schedule, when it was due. */
  name: z.string(),
  /** When it was due, RFC 3339. */
  at: z.iso.datetime(),
});

type PromptInput = z.output<typeof inputSchema>;

export interface PromptAskParts {
  schedules: ScheduleStore;
  chat: Pick<Chat, "startRun" | "follow" | "requireRun" | "stopRun">;
  threads: Pick<Threads, "create" | "get">;
  /** What a user may do in a workspace; null: nothing. */
  standing: (user: string, workspace: string) => Promise<Standing | null>;
}

const MINUTE_MS = 60_000;
/** A thread that is being answered is asked again after so long, in milliseconds. */
const BUSY_MS = 1_000;
/** The process is about to end; another one takes over. */
const DRAINING_MS = 1_000;
/** Answers that were tried for one job, over all its attempts. */
const MOST_ANSWERS = 20;
const MAX_TITLE_CHARACTERS = 200;

export class PromptAsk implements JobKind<PromptInput> {
  readonly kind = "prompt.ask";
  readonly input = inputSchema;
  readonly notifies = true;
  readonly isPublic = false;
  readonly priority = "normal";
  readonly maxAttempts = 4;
  readonly deadlineMs = 30 * MINUTE_MS;
  readonly perProcess = 16;
  readonly perWorkspace = 8;
  readonly #parts: PromptAskParts;

  constructor(parts: PromptAskParts) {
    this.#parts = parts;
  }

  describe({ name }: PromptInput): string {
    return `Scheduled prompt “${name}”`;
  }

  async handle(context: JobContext<PromptInput>): Promise<JobOutcome> {
    const { space, input } = context;
    const loaded = await this.#parts.schedules.load(space, input.schedule);
    if (loaded?.record.target.type !== "prompt") {
      return { result: { text: "The schedule is not there any more." } };
    }
    try {
      return await this.#ask(context, loaded.record);
    } catch (error) {
      if (error instanceof AppError) throw refusalOf(error);
      throw error;
    }
  }

  async #ask(
    context: JobContext<PromptInput>,
    schedule: ScheduleRecord,
  ): Promise<JobOutcome> {
    const { space, signal, progress } = context;
    const asker = await this.#asker(space);
    const threadId = await this.#thread(context, schedule);
    progress(0.1, "Waits for the answer");
    const run = await this.#answer(context, schedule, threadId, asker);
    signal.throwIfAborted();
    if (run.status === "failed" || run.status === "interrupted") {
      throw new Error(run.error?.message ?? "The answer was broken off");
    }
    return {
      result: {
        href: `/c/${threadId}`,
        text: run.status === "cancelled"
          ? "The answer was stopped."
          : "The answer is in its thread.",
        threadId,
        runId: run.id,
        costMicroUsd: run.costMicroUsd,
      },
    };
  }

  /** The run that answers, at its end; one that an earlier attempt has begun goes on. */
  async #answer(
    context: JobContext<PromptInput>,
    { target }: ScheduleRecord,
    threadId: string,
    asker: Asker,
  ): Promise<Run> {
    if (target.type !== "prompt") throw new JobRefusal("It is no prompt");
    const { id, space, log } = context;
    const { chat } = this.#parts;
    const model = target.model ?? undefined;
    let wanted: NewRun = { message: { content: target.prompt }, model };
    for (let answer = 1;; answer += 1) {
      const { run, message } = await chat.startRun(space, threadId, wanted, {
        asker,
        logger: log,
        requestId: null,
        idempotencyKey: `${id} ${answer}`,
      });
      const wasEnded = isEnded(run.status);
      const ended = wasEnded ? run : await this.#untilEnded(context, run.id);
      const isBroken = ended.status === "failed" ||
        ended.status === "interrupted";
      // What failed in an earlier attempt is answered again; in this one the queue says when.
      if (!isBroken || !wasEnded || answer === MOST_ANSWERS) return ended;
      wanted = { regenerate: message.id, model };
    }
  }

  async #untilEnded(
    { space, signal }: JobContext<PromptInput>,
    runId: string,
  ): Promise<Run> {
    const { chat } = this.#parts;
    try {
      for await (const _ of chat.follow(space, runId, null, signal));
      signal.throwIfAborted();
    } catch (error) {
      // A run that another process takes over goes on; one that is not wanted any more does not.
      if (isGivenUp(signal)) await chat.stopRun(space, runId);
      throw error;
    }
    return await chat.requireRun(space, runId);
  }

  /** The thread that gets the answer: the schedule's own, or one for this job. */
  async #thread(
    { id, space, input }: JobContext<PromptInput>,
    schedule: ScheduleRecord,
  ): Promise<string> {
    const { threads, schedules } = this.#parts;
    const { target, threadId, timeZone } = schedule;
    if (target.type !== "prompt") throw new JobRefusal("It is no prompt");
    const isOwn = target.thread === "same";
    if (isOwn && threadId !== null) {
      const there = await threads.get(space, threadId);
      if (there !== null) return there.id;
    }
    const title = isOwn
      ? schedule.name
      : `${schedule.name}, ${dayIn(timeZone, input.at)}`;
    const thread = await threads.create(space, {
      title: title.slice(0, MAX_TITLE_CHARACTERS),
      projectId: target.projectId,
    }, `${id} thread`);
    if (!isOwn) return thread.id;
    // Another job of it may have made one at the same time; the first one counts.
    return await schedules.adoptThread(
      schedule,
      thread.id,
      async (other) => await threads.get(space, other) !== null,
    );
  }

  /** Whose limits and budgets the answer counts for. */
  async #asker(space: string): Promise<Asker> {
    const user = userOf(space);
    const standing = user === null
      ? null
      : await this.#parts.standing(user, workspaceOf(space));
    if (standing === null || !isAtLeast(standing.role, "member")) {
      throw new JobRefusal("Whose schedule it is may not ask here any more");
    }
    return askerIn(space, { user, key: null, groups: standing.groups });
  }
}

/** Whether the job was cancelled or took too long, and its process goes on. */
function isGivenUp({ aborted, reason }: AbortSignal): boolean {
  return aborted && reason instanceof Error &&
    /: (cancelled|deadline)$/.test(reason.message);
}

/** What a refusal of the chat means for the job. */
function refusalOf(error: AppError): Error {
  if (error.code === "thread_busy") {
    return new JobDelay(error.message, BUSY_MS, false);
  }
  if (error.code === "draining") {
    return new JobDelay(error.message, DRAINING_MS, false);
  }
  const mayHelp = error.retryable || error.status >= 500 ||
    error.status === 429;
  return mayHelp ? error : new JobRefusal(error.message);
}

function dayIn(timeZone: string, at: string): string {
  return new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
  }).format(new Date(at));
}
