/** Questions and the runs that answer them, as the routes use them. */
import { AppError } from "@/lib/errors.ts";
import type { ChatRequest } from "@/lib/llm/types.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Run } from "@/lib/shared/wire.ts";
import type { After } from "@/lib/streams/follow.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { chooseModel, type ModelResolver } from "./choose_model.ts";
import { titleFrom, toPrompt } from "./prompt.ts";
import { toQuestion } from "./question.ts";
import {
  headOf,
  isEnded,
  type MessageRecord,
  type RunRecord,
  toMessage,
  toRun,
} from "./records.ts";
import { notFound, threadBusy } from "./refusals.ts";
import { textOf } from "./run_events.ts";
import { checkMessage, type NewRun } from "./run_input.ts";
import type { RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import type { ThreadStore } from "./thread_store.ts";
import { MessageTree } from "./tree.ts";

/** How often a start is tried again when something about the thread changed meanwhile. */
const START_ATTEMPTS = 3;

export class Chat {
  readonly #threads: ThreadStore;
  readonly #store: RunStore;
  readonly #runs: Runs;
  readonly #models: ModelResolver;

  constructor(
    threads: ThreadStore,
    store: RunStore,
    runs: Runs,
    models: ModelResolver,
  ) {
    this.#threads = threads;
    this.#store = store;
    this.#runs = runs;
    this.#models = models;
  }

  /**
   * Asks a question, or an old one again. Resolves when the question and the run are in the store; the
   * answer goes on by itself. The same `message.id` gives the run that is there already.
   * @throws {AppError} 404 for an unknown thread, parent or model, 409 `thread_busy`,
   * 413 `message_too_large`, 400 `message_empty`, 422 `idempotency_key_reused`
   */
  async startRun(
    workspace: string,
    threadId: string,
    input: NewRun,
    logger: Logger,
  ): Promise<{ run: Run; message: Message }> {
    if ("message" in input) checkMessage(input.message.content);
    for (let attempt = 1; attempt <= START_ATTEMPTS; attempt += 1) {
      const started = await this.#tryStart(
        workspace,
        threadId,
        input,
        logger,
      );
      if (started !== null) return started;
    }
    throw new AppError({
      status: 409,
      code: "thread_changed",
      message: "The thread changed while the question was stored.",
      retryable: true,
    });
  }

  async #tryStart(
    workspace: string,
    threadId: string,
    input: NewRun,
    logger: Logger,
  ): Promise<{ run: Run; message: Message } | null> {
    const loaded = await this.#threads.loadThread(workspace, threadId);
    if (loaded === null) throw notFound("thread");
    const tree = new MessageTree(
      await this.#threads.readMessages(workspace, threadId),
    );
    const known = await this.#alreadyAsked(workspace, tree, input);
    if (known !== null) return known;
    if (loaded.activity.activeRunId !== null) {
      throw threadBusy(loaded.activity.activeRunId);
    }

    const question = toQuestion(
      threadId,
      headOf(loaded.record, loaded.activity),
      tree,
      input,
    );
    const { provider, model, id } = await chooseModel(
      this.#models,
      input.model,
      loaded.record.model,
    );
    const texts = await this.#threads.readTexts(
      question.branch.map((message) => message.text),
    );
    const parts = question.branch.map(({ role }, index) => ({
      role,
      text: texts[index],
    }));
    if (question.text !== null) {
      parts.push({ role: "user", text: question.text });
    }
    const request: ChatRequest = {
      model,
      messages: toPrompt(parts),
      params: input.params,
    };

    const opened = this.#runs.openStream(provider, request);
    try {
      const firstQuestion = question.text !== null && tree.all().length === 0;
      const started = await this.#store.startRun(workspace, loaded, {
        question: question.added,
        text: question.text,
        title: firstQuestion && loaded.record.titleSource === "auto"
          ? titleFrom(question.text!)
          : null,
        threadModel: input.model ?? null,
        run: newRun(
          threadId,
          question.id,
          { id, provider: provider.id },
          this.#store.owner,
        ),
      });
      if (started === null) {
        opened.abort.abort();
        return null;
      }
      this.#runs.begin(
        workspace,
        started.run,
        request.messages,
        opened,
        logger,
      );
      const message = question.added ?? tree.get(question.id)!;
      const text = question.text ?? texts[texts.length - 1];
      return {
        run: toRun(started.run, ""),
        message: toMessage(message, text, siblingsWith(tree, message)),
      };
    } catch (error) {
      opened.abort.abort();
      throw error;
    }
  }

  /** The run that a question with this id has got already, if it has. */
  async #alreadyAsked(
    workspace: string,
    tree: MessageTree,
    input: NewRun,
  ): Promise<{ run: Run; message: Message } | null> {
    const asked = "message" in input && input.message.id
      ? tree.get(input.message.id)
      : undefined;
    if (asked === undefined || !("message" in input)) return null;
    const [text] = await this.#threads.readTexts([asked.text]);
    if (text !== input.message.content) {
      throw new AppError({
        status: 422,
        code: "idempotency_key_reused",
        message: "This message id was used for another message.",
      });
    }
    const answer = tree.all().find((message) => message.parentId === asked.id);
    const run = answer?.runId
      ? await this.getRun(workspace, answer.runId)
      : null;
    if (run === null) throw notFound("run of this message");
    return { run, message: toMessage(asked, text, tree.siblings(asked)) };
  }

  /** A run with its text so far; null when there is none. */
  async getRun(workspace: string, runId: string): Promise<Run | null> {
    const record = await this.#store.readRun(workspace, runId);
    if (record === null) return null;
    return toRun(record, await this.#outputText(workspace, record));
  }

  async #outputText(workspace: string, record: RunRecord): Promise<string> {
    const live = this.#runs.live(record.id);
    if (live !== null) return live.text;
    if (!isEnded(record.status)) {
      const stored = await this.#store.readRunEvents(workspace, record.id);
      return textOf(stored?.events ?? []);
    }
    const message = await this.#threads.readMessage(
      workspace,
      record.threadId,
      record.messageId,
    );
    return message === null
      ? ""
      : (await this.#threads.readTexts([message.text]))[0];
  }

  /** @throws {AppError} 404 `not_found` */
  async requireRun(workspace: string, runId: string): Promise<Run> {
    const run = await this.getRun(workspace, runId);
    if (run === null) throw notFound("run");
    return run;
  }

  /** Whether a follower at this place has heard the end of the run: nothing will follow. */
  async hasHeardEnd(
    workspace: string,
    runId: string,
    after: After,
  ): Promise<boolean> {
    if (after === null || after === "unknown") return false;
    const record = await this.#store.readRun(workspace, runId);
    return record !== null && record.endSeq !== null &&
      after.epoch === record.epoch && after.seq === record.endSeq;
  }

  /** Follows a run from a place to its end; see `Runs.follow`. */
  follow(
    workspace: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void> {
    return this.#runs.follow(workspace, runId, after, signal);
  }

  /**
   * Stops a run and resolves when its end is in the store; one that has ended stays as it is.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here` when another process executes it
   */
  async cancelRun(workspace: string, runId: string): Promise<Run> {
    const run = await this.requireRun(workspace, runId);
    if (isEnded(run.status)) return run;
    if (!await this.#runs.cancel(runId)) {
      const now = await this.requireRun(workspace, runId);
      if (isEnded(now.status)) return now;
      throw new AppError({
        status: 503,
        code: "run_not_here",
        message: "Another process of this server is writing the answer.",
        retryable: true,
      });
    }
    return await this.requireRun(workspace, runId);
  }
}

function newRun(
  threadId: string,
  questionId: string,
  served: { id: string; provider: string },
  owner: string,
): RunRecord {
  const now = new Date().toISOString();
  return {
    v: 1,
    id: newId("run"),
    threadId,
    questionId,
    messageId: newId("msg"),
    status: "running",
    epoch: 1,
    owner,
    model: served.id,
    provider: served.provider,
    finishReason: null,
    usage: null,
    error: null,
    endSeq: null,
    createdAt: now,
    startedAt: now,
    finishedAt: null,
  };
}

function siblingsWith(tree: MessageTree, message: MessageRecord): string[] {
  const siblings = tree.siblings(message);
  return siblings.includes(message.id) ? siblings : [...siblings, message.id];
}
