/** Requests of programs that are no chats: passed on to the provider, answered in one piece, billed. */
import type { Asker } from "@/lib/auth/asker.ts";
import { requireModel } from "@/lib/auth/key_allows.ts";
import type { RunBudgets } from "@/lib/chat/run_budget.ts";
import type { RunLimits } from "@/lib/chat/run_limits.ts";
import type { Clock } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import type { BudgetReservation } from "@/lib/limits/budget_reservation.ts";
import type { Reservation } from "@/lib/limits/limits.ts";
import type { ModelRegistry } from "@/lib/llm/models.ts";
import type { ModelAccess } from "@/lib/model_access/model_access.ts";
import { usageFrom } from "@/lib/llm/openai/chunks.ts";
import { estimateTokens } from "@/lib/llm/estimate.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { AttemptInfo } from "@/lib/llm/routing/attempt.ts";
import type { TargetName } from "@/lib/llm/routing/target.ts";
import { attemptStages } from "@/lib/observe/attempt_stages.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RunObserver } from "@/lib/observe/observer.ts";
import { overheadOf } from "@/lib/observe/stages.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import type { Usage } from "@/lib/shared/wire.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { checkTextSizes } from "../message_size.ts";
import { callerGone } from "../run_failure.ts";
import type { PlainInput } from "./input.ts";

export interface PlainCallsParts {
  models: Pick<ModelRegistry, "find" | "post">;
  /** Null: everybody may ask every model. */
  access?: Pick<ModelAccess, "require"> | null;
  prices: PriceList;
  /** Null: there are no limits to keep. */
  limits?: Pick<RunLimits, "reserve"> | null;
  /** Null: there are no budgets to keep. */
  budgets?: Pick<RunBudgets, "reserve"> | null;
  /** Notes what a call has reserved, so that it counts if this process dies over it; nobody waits for it. */
  noteReserved?: (reserved: BudgetReservation) => Promise<void>;
  /** Writes a row of the ledger, and ends what was reserved for it; nobody waits for it. */
  recordUsage: (
    workspace: string,
    row: LedgerRow,
    reserved?: BudgetReservation,
  ) => Promise<void>;
  observer: RunObserver;
  clock: Clock;
}

export interface PlainContext {
  asker: Asker;
  requestId: string;
  trace: RequestTrace;
  logger: Logger;
  /** Aborts when the caller has gone. */
  signal: AbortSignal;
  /** The request is a line of a batch. */
  isBatch?: boolean;
}

/** One call and what is known of it. */
interface Call {
  input: PlainInput;
  /** Model as the caller named it. */
  model: string;
  startedAtMs: number;
  startedMs: number;
  attempts: AttemptInfo[];
  served: TargetName;
  reserved: BudgetReservation | undefined;
  limits: Reservation | undefined;
}

/** How a call ended. */
interface Outcome {
  answer: Record<string, unknown> | null;
  error: unknown;
}

export class PlainCalls {
  readonly #parts: PlainCallsParts;

  constructor(parts: PlainCallsParts) {
    this.#parts = parts;
  }

  /**
   * Asks the model's provider, along its route.
   * @param path behind the provider's base URL, for example `/embeddings`
   * @returns the provider's answer under the model's name as asked
   * @throws {AppError} 404 `model_not_found`, 403 `model_not_allowed`, 402 `budget_exceeded`, 429 `rate_limit_exceeded`, 499 `caller_gone`, 413 `message_too_large`, and what the provider answers
   */
  async ask(
    path: string,
    input: PlainInput,
    context: PlainContext,
  ): Promise<Record<string, unknown>> {
    const { access, models, clock } = this.#parts;
    const { asker, trace, signal } = context;
    trace.model = input.model;
    requireModel(asker, input.model);
    checkTextSizes(input.input, "input");
    checkTextSizes(input.prompt, "prompt");
    const { plan, id } = await models.find(input.model, signal);
    await access?.require(asker, plan.destination, input.model);
    const call: Call = {
      input,
      model: id,
      startedAtMs: clock.now(),
      startedMs: clock.monotonic(),
      attempts: [],
      served: plan.targets[0],
      ...await this.#reserve(input, { plan, id }, context),
    };
    const tell = attemptStages(trace.stages);
    const { stream: _, stream_options: __, ...body } = input as
      & PlainInput
      & Record<string, unknown>;
    try {
      const answer = await plan.ask(
        (target, signal, { total }) => {
          call.served = target;
          const asked = { ...body, model: target.model };
          return models.post(target, path, asked, signal, total);
        },
        signal,
        {
          onAttempt: (attempt) => {
            tell(attempt);
            if (attempt.outcome !== "running") call.attempts.push(attempt);
          },
        },
      );
      this.#record(call, context, { answer, error: null });
      return { ...answer, model: id };
    } catch (error) {
      this.#record(call, context, { answer: null, error });
      throw signal.aborted ? callerGone(error, signal) : error;
    }
  }

  async #reserve(
    input: PlainInput,
    { plan, id }: Pick<
      Awaited<ReturnType<ModelRegistry["find"]>>,
      "plan" | "id"
    >,
    { asker, trace, logger }: PlainContext,
  ): Promise<Pick<Call, "reserved" | "limits">> {
    const { budgets, noteReserved } = this.#parts;
    const request = {
      model: id,
      targets: plan.targets,
      inputTokens: askedTokens(input),
      params: input as Record<string, unknown>,
      hasNoOutput: "input" in input,
    };
    const runs = request.hasNoOutput ? 0 : 1;
    const limits = await this.#parts.limits?.reserve(
      asker,
      request,
      trace,
      runs,
    );
    if (!budgets) return { limits, reserved: undefined };
    let reserved: BudgetReservation;
    try {
      reserved = await trace.stages.run(
        "limits",
        () => budgets.reserve(asker, request),
      );
    } catch (error) {
      limits?.settle({ tokens: 0 });
      limits?.release();
      throw error;
    }
    noteReserved?.(reserved).catch((error) =>
      logger.warn("What a call has reserved could not be noted", { error })
    );
    return { limits, reserved };
  }

  #record(call: Call, context: PlainContext, outcome: Outcome): void {
    const { recordUsage, observer, clock } = this.#parts;
    const { asker, requestId, trace, logger, signal } = context;
    const { model, served, attempts, startedAtMs, startedMs, reserved } = call;
    const usage = usageOf(call, outcome);
    call.limits?.settle({ tokens: usage.inputTokens + usage.outputTokens });
    call.limits?.release();
    const code = outcome.answer === null ? codeOf(outcome.error) : null;
    const status = code === null
      ? "completed"
      : signal.aborted
      ? "cancelled"
      : "failed";
    const costMicroUsd = this.#costOf(call, usage);
    const totalMs = Math.round(clock.monotonic() - startedMs);
    const tokens = {
      inputTokens: usage.inputTokens,
      cachedInputTokens: usage.cachedInputTokens,
      outputTokens: usage.outputTokens,
      estimated: usage.estimated,
    };
    const row: LedgerRow = {
      // There is none.
      run: "",
      epoch: 1,
      request: requestId,
      thread: null,
      user: asker.user,
      key: asker.key,
      model,
      provider: served.provider,
      source: context.isBatch ? "batch" : "v1",
      status,
      ...tokens,
      costMicroUsd,
      error: status === "failed" ? code : null,
      startedAt: new Date(startedAtMs).toISOString(),
      firstTokenMs: null,
      totalMs,
      cache: null,
      overheadMs: overheadOf(trace),
    };
    recordUsage(asker.workspace, row, reserved).catch((error) =>
      logger.warn("Call could not be put into the ledger", { error })
    );
    observer.runEnded({
      workspace: asker.workspace,
      user: asker.user,
      key: asker.key,
      request: requestId,
      run: "",
      epoch: 1,
      thread: null,
      source: "v1",
      startedAtMs,
      model,
      provider: served.provider,
      servedModel: served.model,
      attempts,
      status,
      finishReason: null,
      ...tokens,
      costMicroUsd,
      savedMicroUsd: 0,
      cache: null,
      error: status === "failed" && code !== null
        ? { code, message: messageOf(outcome.error) }
        : null,
      firstTokenMs: null,
      totalMs,
      chunks: 0,
    }, trace);
  }

  /** In micro-dollars; null for an unpriced model, or counts beyond all reason. */
  #costOf({ served, startedAtMs }: Call, usage: Usage): number | null {
    const { provider, model } = served;
    const at = new Date(startedAtMs);
    try {
      return this.#parts.prices.cost(model, usage, at, provider)?.microUsd ??
        null;
    } catch (error) {
      if (error instanceof RangeError) return null;
      throw error;
    }
  }
}

/** Tokens of what is asked, by a rough count. */
function askedTokens(input: PlainInput): number {
  const asked = "input" in input ? input.input : input.prompt;
  return estimateTokens(JSON.stringify(asked ?? ""));
}

/** What the provider reported, else an estimate from what was asked. A refusal costs nothing. */
function usageOf({ input }: Call, { answer }: Outcome): Usage {
  const none = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  if (answer === null) return { ...none, estimated: true };
  const reported = usageFrom(answer.usage);
  if (reported !== null) return { ...reported, estimated: false };
  return { ...none, inputTokens: askedTokens(input), estimated: true };
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : "internal_error";
}

function messageOf(error: unknown): string {
  return error instanceof AppError
    ? error.message
    : "Something went wrong on this server.";
}
