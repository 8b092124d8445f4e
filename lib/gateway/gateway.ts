/**
 * Chat completions for programs: each is a run, as an answer in a thread is one. An attached run belongs
 * to the request that began it and stops with that; a detached one goes on, also in another process.
 */
import { askedBy, type Asker } from "@/lib/auth/asker.ts";
import { requireModel } from "@/lib/auth/key_allows.ts";
import type { CacheOutcome, CacheWish } from "@/lib/cache/answer.ts";
import type { Sought } from "@/lib/cache/answers.ts";
import type { CacheKey, CacheSubject } from "@/lib/cache/cache_key.ts";
import type { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import type { LooseRunStore } from "@/lib/chat/loose_run_store.ts";
import type { RunRecord } from "@/lib/chat/records.ts";
import type { AskedAgain } from "@/lib/chat/recovery.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { textOf } from "@/lib/chat/run_events.ts";
import { countedRequest } from "@/lib/chat/run_limits.ts";
import type { OpenedStream } from "@/lib/chat/run_execution.ts";
import type { RunFollow } from "@/lib/chat/run_follow.ts";
import type { BuiltRequest } from "@/lib/chat/run_requests.ts";
import type { RunStore } from "@/lib/chat/run_store.ts";
import type { Runs } from "@/lib/chat/runs.ts";
import { AppError } from "@/lib/errors.ts";
import type { Reservation } from "@/lib/limits/limits.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";
import type { ModelAccess } from "@/lib/model_access/model_access.ts";
import type { ChatMessage } from "@/lib/llm/types.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import { newId } from "@/lib/shared/ids.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { After } from "@/lib/streams/follow.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import { completionId } from "./chat/events_text.ts";
import { ChatForm } from "./chat/form.ts";
import type { ChatCompletion } from "./chat/input.ts";
import type { KeptHits } from "./kept_hits.ts";
import { checkMessageSizes } from "./message_size.ts";

export interface GatewayParts {
  models: ModelRegistry;
  /** Null: everybody may ask every model. */
  access?: Pick<ModelAccess, "require"> | null;
  store: RunStore;
  looseRuns: LooseRunStore;
  runs: Runs;
  follow: RunFollow;
  idempotency: IdempotencyStore;
  keptHits: KeptHits;
  /** Stops a run, in whatever process it is executed. */
  stopRun: (space: string, runId: string) => Promise<void>;
  log: Logger;
}

/** Who asks, and how. */
export interface GatewayContext {
  /** Where the run is kept. */
  space: string;
  asker: Asker;
  requestId: string;
  logger: Logger;
  /** Takes the stages of the request and of its run. */
  trace: RequestTrace;
  /** Ends waits for lists of models. */
  signal: AbortSignal;
  /** The run goes on when the caller hangs up. A run with an idempotency key does in any case. */
  isDetached: boolean;
  idempotencyKey: string | null;
  cache: CacheWish;
  /** An answer that breaks off may be begun again by another model of the route. */
  mayRestart: boolean;
  /** The request is a line of a batch. */
  isBatch?: boolean;
  /** Told when the caller is to get something else than chat completions. */
  surface?: RunSurface;
}

/** Another surface over the same runs. */
export interface RunSurface {
  /** Idempotency keys of one surface say nothing on another. */
  scope: string;
  /** What the caller has asked, as far as it makes two requests the same. */
  body: unknown;
  /** Id for the run if it is a new one. */
  runId: string;
  /** The run's events are kept as long as its record. */
  keepsEvents: boolean;
}

/** A run that has begun, or that the same request has begun before. */
export interface GatewayRun {
  record: RunRecord;
  cache: CacheOutcome;
  isAttached: boolean;
  /** An earlier request has begun it. */
  isKnown: boolean;
  /**
   * Resolves when the provider's first word is there.
   * @throws what the provider answered instead (from the promise)
   */
  first: Promise<unknown>;
}

/** Tries to begin a run whose idempotency key somebody else uses in the same moment. */
const START_ATTEMPTS = 3;

export class Gateway {
  readonly #parts: GatewayParts;

  constructor(parts: GatewayParts) {
    this.#parts = parts;
  }

  /**
   * Begins a chat completion, or answers it at once where the answer is kept and the run would belong to
   * the request; on another surface it is always a run.
   * @throws {AppError} 404 `model_not_found`, 403 `model_not_allowed`, 413 `message_too_large`, 422
   *   `idempotency_key_reused`, 504 `cache_miss`, 503 while the store takes no detached run
   */
  async start(
    input: ChatCompletion,
    context: GatewayContext,
  ): Promise<GatewayRun | Response> {
    const { idempotencyKey, isDetached } = context;
    context.trace.model = input.model;
    // Also for a run that another key has begun before.
    requireModel(context.asker, input.model);
    checkMessageSizes(input.messages);
    return idempotencyKey === null && !isDetached
      ? await this.#startAttached(input, context)
      : await this.#startDetached(input, context);
  }

  async #startAttached(
    input: ChatCompletion,
    context: GatewayContext,
  ): Promise<GatewayRun | Response> {
    const { keptHits, looseRuns, runs } = this.#parts;
    const { space, logger } = context;
    const built = await this.#buildFor(input, context);
    const limits = await this.#reserve(built, context);
    let opened: OpenedStream | null = null;
    try {
      const sought = await runs.answers.seek(
        context.asker,
        built,
        context.cache,
        context,
      );
      const { key, hit } = sought;
      if (key !== null && hit !== null && context.surface === undefined) {
        return await keptHits.respond({ ...context, key, hit, built, input });
      }
      opened = await this.#open(built, context, sought);
    } finally {
      // Without a run it was a request that used nothing.
      if (opened === null) endWithoutRun(limits);
    }
    const record = { ...newRun(built, opened, context), isAttached: true };
    const owned = looseRuns.begin(
      space,
      record,
      (error) => logger.warn("Run was not stored at its start", { error }),
    );
    return this.#begin(owned, { input, built, opened, context, limits });
  }

  async #startDetached(
    input: ChatCompletion,
    context: GatewayContext,
  ): Promise<GatewayRun> {
    const { idempotency, looseRuns, store } = this.#parts;
    const { space, idempotencyKey: key, trace, surface } = context;
    const { scope, body } = surface ?? { scope: "v1", body: input };
    for (let attempt = 0; attempt < START_ATTEMPTS; attempt += 1) {
      const claim = await idempotency.claim(
        space,
        key === null ? null : { scope, key, body },
      );
      if (claim.state === "made") {
        const record = await store.readRun(space, claim.id);
        if (record === null) throw notFound("run");
        trace.run = record.id;
        return known(record);
      }
      const built = await this.#buildFor(input, context);
      const limits = await this.#reserve(built, context);
      let opened: OpenedStream;
      try {
        opened = await this.#open(built, context);
      } catch (error) {
        endWithoutRun(limits);
        throw error;
      }
      const record = newRun(built, opened, context);
      let owned = null;
      try {
        owned = await trace.stages.run("commit", () =>
          looseRuns.start(
            space,
            record,
            JSON.stringify(input),
            claim.receipt(record.id),
          ));
      } finally {
        if (owned === null) {
          opened.abort.abort();
          opened.budget?.release();
          limits?.undo();
        }
      }
      if (owned !== null) {
        return this.#begin(owned, { input, built, opened, context, limits });
      }
    }
    throw new AppError({
      status: 409,
      code: "conflict",
      message: "Another request with the same Idempotency-Key came meanwhile.",
      retryable: true,
    });
  }

  #begin(
    owned: Parameters<Runs["begin"]>[0]["owned"],
    { input, built, opened, context, limits }: Beginning,
  ): GatewayRun {
    context.trace.runBegan(owned.record.id);
    this.#parts.runs.begin({
      owned,
      prompt: built.request.messages,
      opened,
      kept: "",
      logger: context.logger,
      trace: context.trace,
      limits,
      form: formOf(owned.record, input),
    });
    return {
      record: owned.record,
      cache: opened.cache,
      isAttached: owned.record.isAttached ?? false,
      isKnown: false,
      first: opened.first,
    };
  }

  /** @throws {AppError} 429 `rate_limit_exceeded` */
  async #reserve(
    built: BuiltRequest,
    { asker, trace }: GatewayContext,
  ): Promise<Reservation | null> {
    const { limits } = this.#parts.runs;
    return await limits?.reserve(asker, countedRequest(built), trace) ?? null;
  }

  async #open(
    built: BuiltRequest,
    { asker, cache, mayRestart, trace }: GatewayContext,
    sought?: Sought,
  ): Promise<OpenedStream> {
    const opened = await this.#parts.runs.answers.open(
      asker,
      built,
      cache,
      { trace, sought },
    );
    return mayRestart ? opened : { ...opened, restart: () => null };
  }

  /** @throws {AppError} 404 `model_not_found`, 403 `model_not_allowed` */
  async #buildFor(
    input: ChatCompletion,
    { asker, signal }: GatewayContext,
  ): Promise<BuiltRequest> {
    const built = await this.#build(input, signal);
    await this.#parts.access?.require(
      asker,
      built.plan?.destination ?? built.model,
      input.model,
    );
    return built;
  }

  /** @throws {AppError} 404 `model_not_found` */
  async #build(
    { model: name, messages, stream: _, ...params }: ChatCompletion,
    signal: AbortSignal,
  ): Promise<BuiltRequest> {
    const { provider, model, plan, id } = await this.#parts.models.find(
      name,
      signal,
    );
    return {
      provider,
      plan,
      model: id,
      texts: [],
      request: {
        model,
        messages: messages as ChatMessage[],
        params,
        raw: true,
      },
    };
  }

  /**
   * Where answers to a request are kept: as programs get it, and as the chat's pages do.
   * @param subject who would ask, as far as the scope in the settings tells people apart
   * @returns empty when the policy keeps none
   * @throws {AppError} 404 `model_not_found`
   */
  async keysOf(
    input: ChatCompletion,
    subject: CacheSubject,
    signal: AbortSignal,
  ): Promise<CacheKey[]> {
    const built = await this.#build(input, signal);
    const { answers } = this.#parts.runs;
    return [true, false].flatMap((raw) => {
      const request = { ...built.request, raw };
      return answers.keyOf(subject, { ...built, request }) ?? [];
    });
  }

  /** What to ask again for a detached run whose process has died; null when that cannot be. */
  async again(
    space: string,
    record: RunRecord,
  ): Promise<AskedAgain | null> {
    const { looseRuns, log } = this.#parts;
    const prompt = await looseRuns.readPrompt(space, record.id);
    if (prompt === null) return null;
    // It was checked before it was stored.
    const input: ChatCompletion = JSON.parse(prompt);
    try {
      const built = await this.#build(input, AbortSignal.timeout(FIND_MS));
      return { built, kept: "", form: formOf(record, input) };
    } catch (error) {
      log.warn("Answer cannot be begun again", { run: record.id, error });
      return null;
    }
  }

  /** @throws {AppError} 404 `not_found` also for a run of a chat */
  async run(
    space: string,
    runId: string,
  ): Promise<{ record: RunRecord; text: string }> {
    const record = await this.#record(space, runId);
    const { runs, store } = this.#parts;
    if (isEnded(record.status)) {
      return { record, text: await store.readText(space, record) };
    }
    const live = runs.live(runId);
    if (live !== null && live.epoch === record.epoch) {
      return { record, text: textOf(live.events) };
    }
    const stored = await store.readRunEvents(space, runId);
    return { record, text: textOf(stored?.events ?? []) };
  }

  async #record(space: string, runId: string): Promise<RunRecord> {
    const { store, runs } = this.#parts;
    const record = await store.readRun(space, runId) ??
      runs.executed(space, runId);
    if (record?.source !== "v1") throw notFound("run");
    return record;
  }

  /** The events of a run; see `RunFollow.follow`. */
  follow(
    space: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void> {
    return this.#parts.follow.follow(space, runId, after, signal);
  }

  /**
   * Stops a run, in whatever process it is executed; one that has ended stays as it is.
   * @throws {AppError} 404 `not_found`, 503 `run_not_here` when its process does not react
   */
  async cancel(
    space: string,
    runId: string,
  ): Promise<{ record: RunRecord; text: string }> {
    const { record } = await this.run(space, runId);
    if (!isEnded(record.status)) await this.#parts.stopRun(space, runId);
    const stopped = await this.run(space, runId);
    if (isEnded(stopped.record.status)) return stopped;
    throw new AppError({
      status: 503,
      code: "run_not_here",
      message:
        "The process that writes the answer does not react. It will be stopped as soon as it does, or is replaced.",
      retryable: true,
    });
  }

  /** The caller of an attached run has gone. */
  hungUp(runId: string): void {
    this.#parts.runs.tell(runId, "cancelled");
  }
}

/** How long a run that is begun again waits for lists of models, in milliseconds. */
const FIND_MS = 10_000;

interface Beginning {
  input: ChatCompletion;
  built: BuiltRequest;
  opened: OpenedStream;
  context: GatewayContext;
  limits: Reservation | null;
}

function endWithoutRun(limits: Reservation | null): void {
  limits?.settle({ tokens: 0 });
  limits?.release();
}

function known(record: RunRecord): GatewayRun {
  return {
    record,
    cache: record.cache ?? "bypass",
    isAttached: false,
    isKnown: true,
    first: Promise.resolve(),
  };
}

/** A whole answer always says what it used, so its chunks have to. */
function formOf(
  { id, model }: RunRecord,
  { stream, stream_options: options, n }: ChatCompletion,
): ChatForm {
  return new ChatForm({
    id: completionId(id),
    model,
    withUsage: !stream || options?.include_usage === true,
    choices: typeof n === "number" ? n : 1,
  });
}

function newRun(
  built: BuiltRequest,
  { cache, budget }: OpenedStream,
  { requestId, surface, asker, isBatch }: GatewayContext,
): RunRecord {
  const now = new Date().toISOString();
  return {
    v: 1,
    id: surface?.runId ?? newId("run"),
    source: "v1",
    askedBy: askedBy(asker),
    ...(isBatch ? { isBatch } : {}),
    ...(surface?.keepsEvents ? { keepsEvents: true } : {}),
    threadId: "",
    questionId: "",
    messageId: "",
    status: "running",
    epoch: 1,
    owner: "",
    model: built.model,
    provider: built.provider.id,
    ...(built.plan?.route ? { servedModel: built.request.model } : {}),
    finishReason: null,
    usage: null,
    error: null,
    endSeq: null,
    cache: cache === "bypass" ? null : cache,
    reserve: budget?.note,
    requestId,
    createdAt: now,
    startedAt: now,
    finishedAt: null,
  };
}
