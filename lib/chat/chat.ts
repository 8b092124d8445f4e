/** Threads, messages and runs, as the routes use them. */
import { AppError } from "@/lib/errors.ts";
import type { ChatRequest, Provider } from "@/lib/llm/types.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Message, Page, Run, Thread } from "@/lib/shared/wire.ts";
import type { After } from "@/lib/streams/follow.ts";
import { formatPosition } from "@/lib/streams/position.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { textOf } from "./run_events.ts";
import { titleFrom, toPrompt } from "./prompt.ts";
import {
  isEnded,
  type MessageRecord,
  type RunRecord,
  toMessage,
  toRun,
  toThread,
} from "./records.ts";
import { checkMessage, type NewRun, type NewThread } from "./run_input.ts";
import type { Runs } from "./runs.ts";
import type { ChatStore, LoadedThread } from "./store.ts";
import { MessageTree } from "./tree.ts";

/** Finds who serves a model. */
export interface ModelResolver {
  /** @throws {AppError} 404 `model_not_found` */
  find(
    name: string,
    signal: AbortSignal,
  ): Promise<{ provider: Provider; model: string; id: string }>;
  defaultModel(signal: AbortSignal): Promise<string>;
}

/** A thread as its page shows it. */
export interface ThreadView {
  thread: Thread;
  /** The branch on view, oldest first. */
  messages: Message[];
  /** SSE id up to which a streaming answer's `content` goes; null when nothing streams. */
  lastEventId: string | null;
}

/** How long finding a model may take; providers get 5 s to list theirs. In milliseconds. */
const MODEL_DEADLINE_MS = 11_000;

/** How often a start is tried again when something about the thread changed meanwhile. */
const START_ATTEMPTS = 3;

function notFound(what: string): AppError {
  return new AppError({
    status: 404,
    code: "not_found",
    message: `There is no such ${what}.`,
  });
}

function threadBusy(activeRunId: string): AppError {
  return new AppError({
    status: 409,
    code: "thread_busy",
    message:
      "An answer is being written in this thread; it takes one question at a time.",
    retryable: true,
    extra: { activeRunId },
  });
}

/** What a run answers: a new question, or an old one again. */
interface Question {
  /** The question to add, or null when it is there already. */
  added: MessageRecord | null;
  /** Id of the question's message. */
  id: string;
  /** The branch up to the question, without one that is added. */
  branch: MessageRecord[];
  text: string | null;
}

export class Chat {
  readonly #store: ChatStore;
  readonly #runs: Runs;
  readonly #models: ModelResolver;

  constructor(store: ChatStore, runs: Runs, models: ModelResolver) {
    this.#store = store;
    this.#runs = runs;
    this.#models = models;
  }

  async createThread(workspace: string, input: NewThread): Promise<Thread> {
    if (input.model !== undefined) {
      await this.#models.find(
        input.model,
        AbortSignal.timeout(MODEL_DEADLINE_MS),
      );
    }
    const now = new Date().toISOString();
    const record = {
      v: 1 as const,
      id: newId("thr"),
      title: input.title ?? "New thread",
      titleSource: input.title === undefined
        ? "auto" as const
        : "user" as const,
      model: input.model ?? null,
      createdAt: now,
      version: 1,
    };
    const activity = {
      v: 1 as const,
      updatedAt: now,
      activeRunId: null,
      headMessageId: null,
    };
    await this.#store.createThread(workspace, record, activity);
    return toThread(record, activity);
  }

  async getThread(workspace: string, threadId: string): Promise<Thread | null> {
    const loaded = await this.#store.loadThread(workspace, threadId);
    return loaded === null ? null : toThread(loaded.record, loaded.activity);
  }

  /** @throws {AppError} 404 `not_found` */
  async requireThread(workspace: string, threadId: string): Promise<Thread> {
    const thread = await this.getThread(workspace, threadId);
    if (thread === null) throw notFound("thread");
    return thread;
  }

  /** Threads by their newest activity. */
  async listThreads(
    workspace: string,
    query: PageQuery,
  ): Promise<Page<Thread>> {
    const { items, nextCursor } = await this.#store.listThreads(
      workspace,
      query,
    );
    return {
      items: items.map(({ record, activity }) => toThread(record, activity)),
      nextCursor,
    };
  }

  /**
   * The messages of a thread: the branch on view, or all of them.
   * @throws {AppError} 404 `not_found`
   */
  async listMessages(
    workspace: string,
    threadId: string,
    options: { whole?: boolean } = {},
  ): Promise<Message[]> {
    const loaded = await this.#store.loadThread(workspace, threadId);
    if (loaded === null) throw notFound("thread");
    return (await this.#messages(workspace, loaded, options.whole ?? false))
      .messages;
  }

  /** A thread with its branch on view, in step with a running answer; null when there is none. */
  async view(workspace: string, threadId: string): Promise<ThreadView | null> {
    const loaded = await this.#store.loadThread(workspace, threadId);
    if (loaded === null) return null;
    return {
      thread: toThread(loaded.record, loaded.activity),
      ...await this.#messages(workspace, loaded, false),
    };
  }

  async #messages(
    workspace: string,
    { record, activity }: LoadedThread,
    whole: boolean,
  ): Promise<{ messages: Message[]; lastEventId: string | null }> {
    const records = await this.#store.readMessages(workspace, record.id);
    const tree = new MessageTree(records);
    const shown = whole ? tree.all() : tree.branch(activity.headMessageId);
    const texts = await this.#store.readTexts(
      shown.map((message) => message.text),
    );
    const streaming = shown.find((message) => message.status === "streaming");
    const stored = streaming?.runId && this.#runs.live(streaming.runId) === null
      ? await this.#store.readRunEvents(workspace, streaming.runId)
      : null;
    // Nothing is awaited from here on, so the text and the place in the stream belong together.
    let lastEventId: string | null = null;
    const messages = shown.map((message, index) => {
      let content = texts[index];
      if (message === streaming && message.runId !== null) {
        const live = this.#runs.live(message.runId);
        content = live?.text ?? textOf(stored?.events ?? []);
        const last = live?.events.at(-1) ?? stored?.events.at(-1);
        if (last !== undefined) lastEventId = formatPosition(last.position);
      }
      return toMessage(message, content, tree.siblings(message));
    });
    return { messages, lastEventId };
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
    const loaded = await this.#store.loadThread(workspace, threadId);
    if (loaded === null) throw notFound("thread");
    const tree = new MessageTree(
      await this.#store.readMessages(workspace, threadId),
    );
    const known = await this.#alreadyAsked(workspace, tree, input);
    if (known !== null) return known;
    if (loaded.activity.activeRunId !== null) {
      throw threadBusy(loaded.activity.activeRunId);
    }

    const question = this.#question(threadId, loaded, tree, input);
    const { provider, model, id } = await this.#chooseModel(
      input.model,
      loaded.record.model,
    );
    const texts = await this.#store.readTexts(
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

  /** The model asked for, else the thread's while it is there, else the default. */
  async #chooseModel(asked: string | undefined, remembered: string | null) {
    const signal = AbortSignal.timeout(MODEL_DEADLINE_MS);
    if (asked !== undefined) return await this.#models.find(asked, signal);
    if (remembered !== null) {
      try {
        return await this.#models.find(remembered, signal);
      } catch (error) {
        if (!(error instanceof AppError) || error.status !== 404) throw error;
      }
    }
    return await this.#models.find(
      await this.#models.defaultModel(signal),
      signal,
    );
  }

  #question(
    threadId: string,
    { activity }: LoadedThread,
    tree: MessageTree,
    input: NewRun,
  ): Question {
    if ("regenerate" in input) {
      const again = tree.get(input.regenerate);
      const questionId = again?.role === "user" ? again.id : again?.parentId;
      const message = questionId ? tree.get(questionId) : undefined;
      if (message === undefined) throw notFound("message in this thread");
      return {
        added: null,
        id: message.id,
        branch: tree.branch(message.id),
        text: null,
      };
    }
    const parentId = input.parentId === undefined
      ? activity.headMessageId
      : input.parentId;
    if (parentId !== null && tree.get(parentId) === undefined) {
      throw notFound("parent message in this thread");
    }
    const added: MessageRecord = {
      v: 1,
      id: input.message.id ?? newId("msg"),
      threadId,
      parentId,
      role: "user",
      text: { inline: "" },
      status: "complete",
      runId: null,
      model: null,
      usage: null,
      error: null,
      createdAt: new Date().toISOString(),
    };
    return {
      added,
      id: added.id,
      branch: tree.branch(parentId),
      text: input.message.content,
    };
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
    const [text] = await this.#store.readTexts([asked.text]);
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
    const message = await this.#store.readMessage(
      workspace,
      record.threadId,
      record.messageId,
    );
    return message === null
      ? ""
      : (await this.#store.readTexts([message.text]))[0];
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
