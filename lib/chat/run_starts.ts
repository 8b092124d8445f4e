/** Starts of runs: a question, an old one again, and the rest of an answer that was broken off. */
import { askedBy, type Asker } from "@/lib/auth/asker.ts";
import { requireModel } from "@/lib/auth/key_allows.ts";
import type { CacheWish } from "@/lib/cache/answer.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { IdempotencyStore } from "./idempotency_store.ts";
import { titleFrom } from "./prompt.ts";
import { toQuestion } from "./question.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { headOf, type MessageRecord, type RunRecord } from "./records.ts";
import { notFound, threadBusy } from "./refusals.ts";
import type { OpenedStream } from "./run_execution.ts";
import { checkMessage, type NewRun } from "./run_input.ts";
import { countedRequest } from "./run_limits.ts";
import type { BuiltRequest, RunRequests } from "./run_requests.ts";
import type { OwnedRun, RunStore } from "./run_store.ts";
import type { Runs } from "./runs.ts";
import { servedBy } from "./served_by.ts";
import type { LoadedThread, ThreadStore } from "./thread_store.ts";
import { MessageTree } from "./tree.ts";
import { Turns } from "./turns.ts";

/** How often a start is tried again when something about the thread changed meanwhile. */
const START_ATTEMPTS = 3;

/** Who asks, and how his request is known if it comes twice. */
export interface StartContext {
  asker: Asker;
  logger: Logger;
  requestId: string | null;
  idempotencyKey: string | null;
  /** Takes the stages of the start and of the run; null where nobody wants to know. */
  trace?: RequestTrace | null;
}

/** A run that has begun, or one that an earlier request of the same kind has begun. */
export interface StartedRun {
  run: RunRecord;
  /** The question, with its text. */
  message: MessageRecord;
  text: string;
  tree: MessageTree;
}

interface Wanted {
  question: MessageRecord | null;
  questionId: string;
  branch: MessageRecord[];
  text: string | null;
  model: string | undefined;
  params: Record<string, unknown> | undefined;
  /** Message whose text the answer goes on with. */
  continues: MessageRecord | null;
}

export class RunStarts {
  readonly #threads: ThreadStore;
  readonly #store: RunStore;
  readonly #runs: Runs;
  readonly #requests: RunRequests;
  readonly #idempotency: IdempotencyStore;
  readonly #turns = new Turns();

  constructor(
    threads: ThreadStore,
    store: RunStore,
    runs: Runs,
    requests: RunRequests,
    idempotency: IdempotencyStore,
  ) {
    this.#threads = threads;
    this.#store = store;
    this.#runs = runs;
    this.#requests = requests;
    this.#idempotency = idempotency;
  }

  /** See `Chat.startRun`. */
  async ask(
    space: string,
    threadId: string,
    input: NewRun,
    context: StartContext,
  ): Promise<StartedRun> {
    if (context.trace) context.trace.model = input.model ?? null;
    if ("message" in input) checkMessage(input.message.content);
    // Only the first of several requests at the same time asks a provider: the others see its run.
    const turn = `${space} ${threadId}`;
    return await this.#turns.take(turn, () =>
      this.#untilStarted(async () => {
        const claim = await this.#idempotency.claim(
          space,
          context.idempotencyKey === null ? null : {
            scope: `runs:${threadId}`,
            key: context.idempotencyKey,
            body: input,
          },
        );
        const { loaded, tree } = await this.#load(space, threadId);
        if (claim.state === "made") {
          return await this.#known(space, tree, claim.id, context);
        }
        const known = await this.#alreadyAsked(
          space,
          tree,
          input,
          context,
        );
        if (known !== null) return known;
        assertFree(loaded);
        const question = toQuestion(
          threadId,
          headOf(loaded.record, loaded.activity),
          tree,
          input,
        );
        return await this.#begin(
          space,
          loaded,
          tree,
          {
            question: question.added,
            questionId: question.id,
            branch: question.branch,
            text: question.text,
            model: input.model,
            params: input.params,
            continues: null,
          },
          context,
          claim.receipt,
        );
      }));
  }

  /** See `Chat.continueRun`. */
  async goOn(
    space: string,
    runId: string,
    context: StartContext,
  ): Promise<StartedRun> {
    return await this.#untilStarted(async () => {
      const claim = await this.#idempotency.claim(
        space,
        context.idempotencyKey === null ? null : {
          scope: "continue",
          key: context.idempotencyKey,
          body: { runId },
        },
      );
      const found = await this.#store.loadRun(space, runId);
      if (found === null) throw notFound("run");
      const { record } = found;
      const { loaded, tree } = await this.#load(space, record.threadId);
      if (claim.state === "made") {
        return await this.#known(space, tree, claim.id, context);
      }
      const answer = tree.get(record.messageId);
      if (answer === undefined) throw notFound("run");
      assertFree(loaded);
      assertBrokenOff(record);
      const branch = tree.branch(record.questionId);
      if (record.status !== "interrupted") {
        return await this.#begin(
          space,
          loaded,
          tree,
          {
            question: null,
            questionId: record.questionId,
            branch,
            text: null,
            model: record.model,
            params: record.params,
            continues: answer,
          },
          context,
          claim.receipt,
        );
      }
      const [kept] = await this.#threads.readTexts([answer.text]);
      const built = await this.#requests.build(space, {
        thread: loaded.record,
        branch,
        question: null,
        kept,
        model: record.model,
        params: record.params,
        asker: context.asker,
      });
      const opening = {
        built,
        kept,
        wish: wishOf(record, false),
        context,
      };
      return await this.#open(opening, async (known) => {
        const run = {
          ...resumed(record, context, this.#now()),
          ...known,
        };
        const owned = await this.#store.resumeRun(space, loaded, {
          run,
          versionstamp: found.versionstamp,
          answer,
          receipt: claim.receipt(run.id),
        });
        return owned && { owned, ...question(tree, record.questionId, built) };
      }, tree);
    });
  }

  /** RFC 3339 UTC. */
  #now(): string {
    return new Date(this.#store.clock.now()).toISOString();
  }

  async #untilStarted(
    attempt: () => Promise<StartedRun | null>,
  ): Promise<StartedRun> {
    if (!this.#runs.takesMore) {
      throw new AppError({
        status: 503,
        code: "draining",
        message: "The server is about to restart. Ask again in a moment.",
        retryable: true,
      });
    }
    for (let tries = 1; tries <= START_ATTEMPTS; tries += 1) {
      const started = await attempt();
      if (started !== null) return started;
    }
    throw new AppError({
      status: 409,
      code: "thread_changed",
      message: "The thread changed while the question was stored.",
      retryable: true,
    });
  }

  async #load(
    space: string,
    threadId: string,
  ): Promise<{ loaded: LoadedThread; tree: MessageTree }> {
    const loaded = await this.#threads.loadThread(space, threadId);
    if (loaded === null) throw notFound("thread");
    const messages = await this.#threads.readMessages(space, threadId);
    return { loaded, tree: new MessageTree(messages) };
  }

  async #begin(
    space: string,
    loaded: LoadedThread,
    tree: MessageTree,
    wanted: Wanted,
    context: StartContext,
    receipt: (id: string) => ReturnType<Receipt>,
  ): Promise<StartedRun | null> {
    const kept = wanted.continues === null
      ? ""
      : (await this.#threads.readTexts([wanted.continues.text]))[0];
    const built = await this.#requests.build(space, {
      thread: loaded.record,
      branch: wanted.branch,
      question: wanted.text,
      kept,
      model: wanted.model,
      params: wanted.params,
      asker: context.asker,
    });
    const isFirst = wanted.text !== null && tree.isEmpty;
    const begun = newRun(
      loaded,
      wanted,
      built,
      context,
      this.#now(),
    );
    const isAgain = wanted.question === null && wanted.continues === null;
    const opening = {
      built,
      kept,
      wish: wishOf(begun, isAgain),
      context,
    };
    return await this.#open(opening, async (known) => {
      const run = { ...begun, ...known };
      const owned = await this.#store.startRun(space, loaded, {
        question: wanted.question,
        text: wanted.text,
        title: isFirst && loaded.record.titleSource === "auto"
          ? titleFrom(wanted.text!)
          : null,
        threadModel: wanted.continues === null ? wanted.model ?? null : null,
        run,
        receipt: receipt(run.id),
      });
      return owned && {
        owned,
        ...(wanted.question === null
          ? question(tree, wanted.questionId, built)
          : { message: wanted.question, text: wanted.text ?? "" }),
      };
    }, tree);
  }

  /** Opens the answer's stream while the start is committed; closes it when that comes to nothing. */
  async #open(
    { built, kept, wish, context }: Opening,
    commit: (known: KnownOnOpening) => Promise<Committed | null>,
    tree: MessageTree,
  ): Promise<StartedRun | null> {
    const { logger, trace } = context;
    // The thread or its project may have chosen it.
    requireModel(context.asker, built.model);
    const limits = await this.#runs.limits?.reserve(
      context.asker,
      countedRequest(built),
      trace,
    );
    let opened: OpenedStream;
    try {
      opened = await this.#runs.answers.open(context.asker, built, wish, {
        trace,
      });
    } catch (error) {
      limits?.undo();
      throw error;
    }
    const stage = trace?.stages.begin("commit");
    let committed: Committed | null = null;
    try {
      committed = await commit({
        cache: opened.cache === "bypass" ? null : opened.cache,
        reserve: opened.budget?.note,
        ...servedBy(serverOf(built), opened.served()),
      });
    } finally {
      if (committed === null) {
        opened.abort.abort();
        opened.budget?.release();
        limits?.undo();
      }
      if (stage !== undefined) {
        trace?.stages.end(stage, committed === null ? "failed" : "ok");
      }
    }
    if (committed === null) return null;
    const { owned, message, text } = committed;
    const prompt = built.request.messages;
    trace?.runBegan(owned.record.id);
    this.#runs.begin({ owned, prompt, opened, kept, logger, trace, limits });
    return { run: owned.record, message, text, tree };
  }

  /** The run that a question with this id has got already, if it has. */
  async #alreadyAsked(
    space: string,
    tree: MessageTree,
    input: NewRun,
    context: StartContext,
  ): Promise<StartedRun | null> {
    const asked = "message" in input && input.message.id
      ? tree.get(input.message.id)
      : undefined;
    if (asked === undefined || !("message" in input)) return null;
    const [text] = await this.#threads.readTexts([asked.text]);
    if (asked.role !== "user" || text !== input.message.content) {
      throw new AppError({
        status: 422,
        code: "idempotency_key_reused",
        message: "This message id was used for another message.",
      });
    }
    const runId = tree.children(asked.id)[0]?.runId ?? null;
    if (runId === null) throw notFound("run of this message");
    return await this.#known(space, tree, runId, context);
  }

  /** What an earlier request has started. */
  async #known(
    space: string,
    tree: MessageTree,
    runId: string,
    { trace }: StartContext,
  ): Promise<StartedRun> {
    if (trace) trace.run = runId;
    const run = await this.#store.readRun(space, runId);
    const message = run === null ? undefined : tree.get(run.questionId);
    if (run === null || message === undefined) throw notFound("run");
    const [text] = await this.#threads.readTexts([message.text]);
    return { run, message, text, tree };
  }
}

/** What is known of an answer when it has been opened. */
type KnownOnOpening = Partial<
  Pick<RunRecord, "cache" | "reserve" | "provider" | "servedModel">
>;

/** Who is to answer, before anybody has been asked. */
function serverOf(
  { provider, plan, request }: BuiltRequest,
): Pick<RunRecord, "provider" | "servedModel"> {
  return plan?.route
    ? { provider: provider.id, servedModel: request.model }
    : { provider: provider.id };
}

/** An answer that is about to be opened. */
interface Opening {
  built: BuiltRequest;
  kept: string;
  wish: CacheWish;
  context: StartContext;
}

interface Committed {
  owned: OwnedRun;
  message: MessageRecord;
  text: string;
}

type Receipt = Extract<
  Awaited<ReturnType<IdempotencyStore["claim"]>>,
  { state: "open" }
>["receipt"];

/** The question that a run answers again, with its text out of the branch that was read for it. */
function question(
  tree: MessageTree,
  questionId: string,
  { texts }: BuiltRequest,
): { message: MessageRecord; text: string } {
  return { message: tree.get(questionId)!, text: texts[texts.length - 1] };
}

/**
 * Whoever asks again for an answer wants another one. A temporary thread leaves nothing behind, so
 * nothing of it is kept.
 */
function wishOf({ temporary }: RunRecord, isAgain: boolean): CacheWish {
  return isAgain || temporary ? "bypass" : "use";
}

function assertFree({ activity: { activeRunId } }: LoadedThread): void {
  if (activeRunId !== null) throw threadBusy(activeRunId);
}

function assertBrokenOff({ status }: RunRecord): void {
  if (isEnded(status) && status !== "completed") return;
  throw new AppError({
    status: 409,
    code: "run_not_continuable",
    message: status === "completed"
      ? "This answer is complete; there is nothing to continue."
      : "This answer is still being written.",
  });
}

function newRun(
  { record }: LoadedThread,
  { questionId, params, continues }: Wanted,
  built: BuiltRequest,
  { requestId, asker }: StartContext,
  now: string,
): RunRecord {
  return {
    v: 1,
    id: newId("run"),
    threadId: record.id,
    questionId,
    messageId: newId("msg"),
    status: "running",
    epoch: 1,
    owner: "",
    model: built.model,
    ...serverOf(built),
    finishReason: null,
    usage: null,
    error: null,
    endSeq: null,
    requestId,
    askedBy: askedBy(asker),
    params,
    continues: continues?.id ?? null,
    ...(record.temporary ? { temporary: true } : {}),
    ...(built.sources === undefined ? {} : { sources: built.sources }),
    createdAt: now,
    startedAt: now,
    listedAt: now,
    finishedAt: null,
  };
}

/** An interrupted run, as it goes on. */
function resumed(
  record: RunRecord,
  { requestId, asker }: StartContext,
  now: string,
): RunRecord {
  return {
    ...record,
    status: "running",
    epoch: record.epoch + 1,
    finishReason: null,
    usage: null,
    costMicroUsd: null,
    error: null,
    endSeq: null,
    requestId,
    askedBy: askedBy(asker),
    continues: record.messageId,
    crashes: 0,
    charged: 0,
    handovers: 0,
    isHandedOver: false,
    restartGroup: null,
    startedAt: now,
    listedAt: now,
    finishedAt: null,
  };
}
