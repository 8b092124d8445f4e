/** The answers that runs are made of: kept ones, shared ones, and calls of their own along a plan. */
import type { Asker } from "@/lib/auth/asker.ts";
import type { CacheWish } from "@/lib/cache/answer.ts";
import type {
  Answers,
  Ask,
  OpenedAnswer,
  Sought,
} from "@/lib/cache/answers.ts";
import type {
  CacheKey,
  CacheSubject,
  Question,
} from "@/lib/cache/cache_key.ts";
import type { BudgetReservation } from "@/lib/limits/budget_reservation.ts";
import type { RouteCall, TellServed } from "@/lib/llm/routing/route_call.ts";
import type { Delta } from "@/lib/llm/types.ts";
import { attemptStages } from "@/lib/observe/attempt_stages.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import { codeOf, type Stages } from "@/lib/observe/stages.ts";
import { promptTokens, type RunBudgets } from "./run_budget.ts";
import type { OpenedStream } from "./run_execution.ts";
import type { BuiltRequest } from "./run_requests.ts";

/** How an answer is opened. */
export interface OpenOptions {
  /** Of the request that asks; takes the stages of it. */
  trace?: RequestTrace | null;
  /** What `seek` has found for the same request. */
  sought?: Sought;
}

/** One answer, and what may be done when it breaks off. */
type Call = Pick<RouteCall, "open" | "restart" | "served" | "attempts">;

export class RunAnswers {
  readonly #answers: Answers | null;
  readonly #budgets: RunBudgets | null;

  /**
   * @param answers null: each answer is a call of its own
   * @param budgets null: there are none to keep
   */
  constructor(answers: Answers | null, budgets: RunBudgets | null = null) {
    this.#answers = answers;
    this.#budgets = budgets;
  }

  /**
   * Looks for a kept answer to a request that may need no run then.
   * @throws {AppError} 504 `cache_miss` when only a kept answer was wanted and there is none
   * @throws the signal's reason when it aborts
   */
  async seek(
    subject: CacheSubject,
    built: BuiltRequest,
    wish: CacheWish,
    { signal, trace }: { signal: AbortSignal; trace: RequestTrace | null },
  ): Promise<Sought> {
    const question = questionOf(subject, built);
    const { stages } = trace ?? {};
    return await this.#answers?.seek({ ...question, wish, signal, stages }) ??
      { key: null, hit: null };
  }

  /** Where the answer to a request is kept; null when the policy keeps none. */
  keyOf(subject: CacheSubject, built: BuiltRequest): CacheKey | null {
    const question = questionOf(subject, built);
    return this.#answers?.keyOf({ ...question, wish: "use" }) ?? null;
  }

  /**
   * Opens the answer to a request: one that is kept, one that another run has on its way, or the
   * provider's stream.
   * @param wish `bypass`: the provider's stream, come what may
   * @throws {AppError} 402 `budget_exceeded`: no provider was asked
   */
  async open(
    asker: Asker,
    built: BuiltRequest,
    wish: CacheWish,
    { trace = null, sought }: OpenOptions = {},
  ): Promise<OpenedStream> {
    const opening = new Opening(asker, built, wish, trace);
    return await this.#open(opening, { asker, built }, sought);
  }

  async #open(
    opening: Opening,
    { asker, built }: { asker: Asker; built: BuiltRequest },
    sought?: Sought,
  ): Promise<OpenedStream> {
    const answers = this.#answers;
    const { ask, abort } = opening.ask();
    const found = sought ?? await answers?.seek(ask);
    const isFree = () => found !== undefined && !!answers?.isFree(found);
    const budget = await this.#reserve(asker, built, isFree, opening.stages);
    try {
      // What was free a moment ago is so still, but for rare cases, where `covers` reserves.
      const opened = await answers?.open(ask, found) ??
        direct(ask, opening.call);
      const reopen = () => this.#open(opening, { asker, built });
      return opening.begin(opened, { abort, budget, reopen });
    } catch (error) {
      budget?.release();
      throw error;
    }
  }

  /** Reserves what an answer may come to, unless it is paid elsewhere. */
  async #reserve(
    asker: Asker,
    built: BuiltRequest,
    isFree: () => boolean,
    stages?: Stages,
  ): Promise<BudgetReservation | null> {
    const budgets = this.#budgets;
    if (budgets === null) return null;
    const stage = stages?.resume("limits");
    try {
      const lent = budgets.lend(asker, pricedRequest(built));
      const budget = lent instanceof Promise ? await lent : lent;
      if (!isFree()) {
        const later = budgets.claim(budget);
        if (later !== undefined) await later;
      }
      if (stage !== undefined) stages?.end(stage);
      return budget;
    } catch (error) {
      if (stage !== undefined) stages?.end(stage, "failed", codeOf(error));
      throw error;
    }
  }

  /**
   * Reserves for the answer to a request that is begun again; see `openAgain`.
   * @throws {AppError} 402 `budget_exceeded`
   */
  async reserveAgain(
    asker: Asker,
    built: BuiltRequest,
  ): Promise<BudgetReservation | null> {
    return await this.#reserve(asker, built, () => false);
  }

  /** Gets ready to `openAgain` what a dead process has left. */
  async prepareAgain(workspace: string): Promise<void> {
    await this.#answers?.cache.prepare(workspace);
  }

  /**
   * Opens the answer to the request of a run that is begun again, at once: runs that shared one before
   * share one again.
   */
  openAgain(
    asker: Asker,
    built: BuiltRequest,
    wish: CacheWish,
    budget: BudgetReservation | null,
  ): OpenedStream {
    const answers = this.#answers;
    const opening = new Opening(asker, built, wish, null);
    const { ask, abort } = opening.ask();
    const opened = answers?.openNow(ask) ?? direct(ask, opening.call);
    const reopen = () => this.#open(opening, { asker, built });
    return opening.begin(opened, { abort, budget, reopen });
  }
}

/** One answer to one run, from its first opening on. */
class Opening {
  readonly call: Call;
  readonly #question: Question & { wish: CacheWish };
  readonly #trace: RequestTrace | null;

  constructor(
    subject: CacheSubject,
    built: BuiltRequest,
    wish: CacheWish,
    trace: RequestTrace | null,
  ) {
    this.#question = { ...questionOf(subject, built), wish };
    this.#trace = trace;
    this.call = callOf(built, trace);
  }

  get stages(): Stages | undefined {
    return this.#trace?.stages;
  }

  /** What to ask, and how to end the answer for this run alone. */
  ask(): { ask: Ask; abort: AbortController } {
    const abort = new AbortController();
    const ask = {
      ...this.#question,
      signal: abort.signal,
      open: (signal: AbortSignal, tell: TellServed) =>
        this.call.open(signal, tell),
      stages: this.#trace?.stages,
    };
    return { ask, abort };
  }

  /** Asks for the first delta, which the run looks at once it has begun. */
  begin(
    { cache, deltas, served, settle, pays }: OpenedAnswer,
    { abort, budget, reopen }: {
      abort: AbortController;
      budget: BudgetReservation | null;
      reopen: () => Promise<OpenedStream>;
    },
  ): OpenedStream {
    // Somebody else's call came in between.
    if (!pays()) budget?.lend();
    const first = deltas.next();
    // A start that fails before must not leave the rejection unhandled.
    first.catch(() => {});
    return {
      iterator: deltas,
      first,
      abort,
      attempts: this.call.attempts,
      cache,
      served,
      settle,
      pays,
      budget,
      // The answer from its beginning, after it has broken off.
      restart: (error) =>
        this.call.restart(error, served() ?? undefined) ? reopen() : null,
    };
  }
}

/** What decides what an answer may cost. */
function pricedRequest({ model, plan, provider, request }: BuiltRequest) {
  const { params = {}, messages } = request;
  return {
    model,
    targets: plan?.targets ?? [{ provider: provider.id, model: request.model }],
    inputTokens: promptTokens(messages, params),
    params,
  };
}

/** What decides the answer to a request. */
function questionOf(
  subject: CacheSubject,
  { plan, provider, request: { model, messages, params, raw } }: BuiltRequest,
): Question {
  return {
    subject,
    target: plan?.destination ?? `${provider.id}/${model}`,
    form: raw ? "chunks" : "chat",
    body: { ...params, messages },
  };
}

/** A request along its plan; without one its provider is asked once. */
function callOf(
  { plan, provider, request }: BuiltRequest,
  trace: RequestTrace | null,
): Call {
  if (plan !== undefined) {
    const onAttempt = trace === null ? undefined : attemptStages(trace.stages);
    return plan.call(request, { onAttempt });
  }
  const served = { provider: provider.id, model: request.model };
  return {
    served,
    attempts: [],
    restart: () => false,
    open: (signal, tell) => {
      tell?.(served);
      // A provider's stream ends with nothing.
      return provider.stream(request, signal)
        [Symbol.asyncIterator]() as AsyncIterableIterator<Delta, undefined>;
    },
  };
}

/** The call itself, where there is no cache. */
function direct({ signal }: Ask, call: Call): OpenedAnswer {
  return {
    cache: "bypass",
    deltas: call.open(signal),
    served: () => call.served,
    pays: () => true,
    settle: (usage) => ({ paid: usage, savedMicroUsd: 0 }),
  };
}
