/** The runs of this process: those that it executes, and those of other processes that it follows. */
import type { BuiltRequest } from "./run_requests.ts";
import type { RunRecord } from "./records.ts";
import type { RunStore } from "./run_store.ts";
import {
  type Attempt,
  type OpenedStream,
  type Order,
  RunExecution,
} from "./run_execution.ts";
import type { CacheWish } from "@/lib/cache/answer.ts";
import type { Answers, OpenedAnswer, Sought } from "@/lib/cache/answers.ts";
import type { Question } from "@/lib/cache/cache_key.ts";
import { StorageError } from "@/lib/errors.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { RouteCall } from "@/lib/llm/routing/route_call.ts";
import type { Delta, TokenUsage } from "@/lib/llm/types.ts";
import { attemptStages } from "@/lib/observe/attempt_stages.ts";
import type { RunObserver } from "@/lib/observe/observer.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import type { Hub } from "@/lib/streams/hub.ts";
import type { LiveRun } from "@/lib/streams/live_run.ts";

/** How long followers wait for the end of a run to be stored before they are told, in milliseconds. */
const FINAL_DEADLINE_MS = 5_000;

/** How long a follower's notice holds; it is renewed more often. In milliseconds. */
const FOLLOWED_MS = 30_000;

/** Renews the rows of a temporary thread, which live for a while only. */
export interface TemporaryRows {
  refresh(workspace: string, threadId: string): Promise<void>;
}

/** How an answer is opened. */
export interface OpenOptions {
  /** Of the request that asks; takes the stages of it. */
  trace?: RequestTrace | null;
  /** What `seekAnswer` has found for the same request. */
  sought?: Sought;
}

export class Runs {
  readonly #store: RunStore;
  readonly #hub: Hub;
  readonly #prices: PriceList;
  readonly #temporary: TemporaryRows;
  readonly #finalDeadlineMs: number;
  readonly #answers: Answers | null;
  readonly #observer: RunObserver | null;
  readonly #executing = new Map<string, RunExecution>();
  #takesMore = true;
  #isDraining = false;

  constructor(
    store: RunStore,
    hub: Hub,
    prices: PriceList,
    temporary: TemporaryRows,
    options: {
      finalDeadlineMs?: number;
      answers?: Answers;
      observer?: RunObserver;
    } = {},
  ) {
    this.#store = store;
    this.#hub = hub;
    this.#prices = prices;
    this.#temporary = temporary;
    this.#finalDeadlineMs = options.finalDeadlineMs ?? FINAL_DEADLINE_MS;
    this.#answers = options.answers ?? null;
    this.#observer = options.observer ?? null;
  }

  /** How many runs are being executed. */
  get executing(): number {
    return this.#executing.size;
  }

  /** The process goes down: nothing new begins, though what runs may go on for a while. */
  get takesMore(): boolean {
    return this.#takesMore;
  }

  /** What runs is being handed over: nobody follows it here any more. */
  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** From now on nothing new begins. */
  takeNoMore(): void {
    this.#takesMore = false;
  }

  /** Opens the provider's stream; the commit of the start goes on meanwhile. */
  openStream(built: BuiltRequest): OpenedStream {
    return this.#openCall(callOf(built));
  }

  /**
   * Opens the answer to a request: one that is kept, one that another run has on its way, or the
   * provider's stream.
   * @param wish `bypass`: the provider's stream, come what may
   */
  async openAnswer(
    workspace: string,
    built: BuiltRequest,
    wish: CacheWish,
    { trace = null, sought }: OpenOptions = {},
  ): Promise<OpenedStream> {
    const answers = this.#answers;
    const call = callOf(built, trace);
    if (answers === null) return this.#openCall(call);
    const question = questionOf(workspace, built);
    const open = async (sought?: Sought): Promise<OpenedStream> => {
      const abort = new AbortController();
      const opened = await answers.open({
        ...question,
        wish,
        signal: abort.signal,
        open: (signal, tell) => call.open(signal, tell),
        stages: trace?.stages,
      }, sought);
      return begun(opened, abort, call, open);
    };
    return await open(sought);
  }

  /**
   * Looks for a kept answer to a request that may need no run then.
   * @throws {AppError} 504 `cache_miss` when only a kept answer was wanted and there is none
   * @throws the signal's reason when it aborts
   */
  async seekAnswer(
    workspace: string,
    built: BuiltRequest,
    wish: CacheWish,
    { signal, trace }: { signal: AbortSignal; trace: RequestTrace | null },
  ): Promise<Sought> {
    const question = questionOf(workspace, built);
    const { stages } = trace ?? {};
    return await this.#answers?.seek({ ...question, wish, signal, stages }) ??
      { key: null, hit: null };
  }

  #openCall(call: Call): OpenedStream {
    const abort = new AbortController();
    const opened = {
      cache: "bypass" as const,
      deltas: call.open(abort.signal),
      served: () => call.served,
      settle: (usage: TokenUsage) => ({ paid: usage, savedMicroUsd: 0 }),
    };
    return begun(
      opened,
      abort,
      call,
      () => Promise.resolve(this.#openCall(call)),
    );
  }

  /** Executes an attempt whose start has been committed, until its end has been committed too. */
  begin(attempt: Attempt): void {
    const { id, epoch } = attempt.owned.record;
    const execution = new RunExecution(attempt, {
      store: this.#store,
      prices: this.#prices,
      live: this.#hub.open(id, epoch),
      finalDeadlineMs: this.#finalDeadlineMs,
      observer: this.#observer,
    });
    this.#executing.set(id, execution);
    this.#renew(attempt);
    if (this.#isDraining) execution.tell("handover");
    void execution.finished.then(() => {
      if (this.#executing.get(id) === execution) this.#executing.delete(id);
      this.#renew(attempt);
      this.#release(execution.live);
    });
  }

  /** Keeps a temporary thread for its time from now on; a row that is missed has lived shorter. */
  #renew({ owned: { workspace, record }, logger }: Attempt): void {
    if (!record.temporary || this.#isDraining) return;
    this.#temporary.refresh(workspace, record.threadId).catch((error) =>
      logger.warn("Temporary thread could not be renewed", { error })
    );
  }

  /** An ended run stays for those who come late, unless the log says something else than memory does. */
  #release(live: LiveRun): void {
    if (this.#hub.get(live.runId) !== live) return;
    if (live.hasEnded) this.#hub.release(live.runId);
    else this.#hub.forget(live.runId);
  }

  /**
   * Stops a run of this process; resolves once its end is in the store. False: not ours.
   * @throws {StorageError} when the provider is stopped but the end could not be stored in time
   */
  async cancel(runId: string): Promise<boolean> {
    const execution = this.#executing.get(runId);
    if (execution === undefined) return false;
    execution.tell("cancelled");
    if (await this.#within(execution.finished, this.#finalDeadlineMs)) {
      return true;
    }
    throw new StorageError(
      "The answer was stopped at the provider, but the store does not accept writes. What had arrived is kept in memory.",
    );
  }

  /** Another process asks to stop a run of this one. */
  tell(runId: string, order: Order): void {
    this.#executing.get(runId)?.tell(order);
  }

  /** Another process follows a run of this one. */
  followed(runId: string): void {
    this.#executing.get(runId)?.owned.log.followFor(FOLLOWED_MS);
  }

  /** The record of a run that is being executed here, which the store may not have yet; else null. */
  executed(workspace: string, runId: string): RunRecord | null {
    const owned = this.#executing.get(runId)?.owned;
    return owned?.workspace === workspace ? owned.record : null;
  }

  /** A run that this process holds in memory, else null. */
  live(runId: string): LiveRun | null {
    return this.#hub.get(runId) ?? null;
  }

  /**
   * Hands every run of this process over to the one that comes next; resolves when what there is of them
   * is in the store or the deadline has passed.
   */
  async drain(deadlineMs: number): Promise<void> {
    this.#takesMore = false;
    this.#isDraining = true;
    const executions = [...this.#executing.values()];
    for (const execution of executions) execution.tell("handover");
    await this.#within(
      Promise.allSettled(executions.map(({ finished }) => finished)),
      deadlineMs,
    );
    for (const execution of this.#executing.values()) {
      execution.giveUp();
      execution.live.abandon();
    }
  }

  /** Waits for a promise that does not reject, for so long at most; whether it has settled. */
  async #within(
    promise: Promise<unknown>,
    deadlineMs: number,
  ): Promise<boolean> {
    const late = Promise.withResolvers<boolean>();
    const cancel = this.#store.clock.after(
      deadlineMs,
      () => late.resolve(false),
    );
    const settled = await Promise.race([
      promise.then(() => true),
      late.promise,
    ]);
    cancel();
    return settled;
  }
}

/** What decides the answer to a request. */
function questionOf(
  workspace: string,
  { plan, provider, request: { model, messages, params, raw } }: BuiltRequest,
): Question {
  return {
    subject: { workspace, user: null, key: null },
    target: plan?.destination ?? `${provider.id}/${model}`,
    form: raw ? "chunks" : "chat",
    body: { ...params, messages },
  };
}

/** One answer, and what may be done when it breaks off. */
type Call = Pick<RouteCall, "open" | "restart" | "served" | "attempts">;

/** A request along its plan; without one its provider is asked once. */
function callOf(
  { plan, provider, request }: BuiltRequest,
  trace: RequestTrace | null = null,
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

/** Asks for the first delta, which the run looks at once it has begun. */
function begun(
  { cache, deltas, served, settle }: OpenedAnswer,
  abort: AbortController,
  call: Call,
  reopen: () => Promise<OpenedStream>,
): OpenedStream {
  const first = deltas.next();
  // A start that fails before must not leave the rejection unhandled.
  first.catch(() => {});
  return {
    iterator: deltas,
    first,
    abort,
    attempts: call.attempts,
    cache,
    served,
    settle,
    restart: (error) =>
      call.restart(error, served() ?? undefined) ? reopen() : null,
  };
}
