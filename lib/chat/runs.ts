/** The runs of this process: those that it executes, and those of other processes that it follows. */
import type { AskedBy } from "@/lib/auth/asker.ts";
import { RunAnswers } from "./run_answers.ts";
import type { RunBudgets } from "./run_budget.ts";
import type { RunRecord } from "./records.ts";
import type { RunStore } from "./run_store.ts";
import type { RunLimits } from "./run_limits.ts";
import { type Attempt, type Order, RunExecution } from "./run_execution.ts";
import type { Answers } from "@/lib/cache/answers.ts";
import { StorageError } from "@/lib/errors.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { RunningAnswer } from "@/lib/events/live_now.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import type { RunObserver } from "@/lib/observe/observer.ts";
import type { Hub } from "@/lib/streams/hub.ts";
import type { LiveRun } from "@/lib/streams/live_run.ts";

/** How long followers wait for the end of a run to be stored before they are told, in milliseconds. */
const FINAL_DEADLINE_MS = 5_000;

/** How long a follower's notice holds; it is renewed more often. In milliseconds. */
const FOLLOWED_MS = 30_000;

/** Ends runs whose callers may be here no longer. */
export interface RunAccess {
  /** Calls `end` once the right of who asked for the run has ended; the returned function takes it back. */
  holdRun(
    space: string,
    askedBy: AskedBy | undefined,
    end: () => void,
  ): () => void;
}

/** Renews the rows of a temporary thread, which live for a while only. */
export interface TemporaryRows {
  refresh(space: string, threadId: string): Promise<void>;
}

export class Runs {
  /** What runs are made of. */
  readonly answers: RunAnswers;
  /** Null: there are none to keep. */
  readonly limits: RunLimits | null;
  readonly #store: RunStore;
  readonly #hub: Hub;
  readonly #prices: PriceList;
  readonly #temporary: TemporaryRows;
  readonly #finalDeadlineMs: number;
  readonly #observer: RunObserver | null;
  readonly #access: RunAccess | null;
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
      budgets?: RunBudgets;
      limits?: RunLimits;
      observer?: RunObserver;
      access?: RunAccess;
    } = {},
  ) {
    this.#store = store;
    this.#hub = hub;
    this.#prices = prices;
    this.#temporary = temporary;
    this.#finalDeadlineMs = options.finalDeadlineMs ?? FINAL_DEADLINE_MS;
    this.answers = new RunAnswers(
      options.answers ?? null,
      options.budgets ?? null,
    );
    this.limits = options.limits ?? null;
    this.#observer = options.observer ?? null;
    this.#access = options.access ?? null;
  }

  /** How many runs are being executed. */
  get executing(): number {
    return this.#executing.size;
  }

  /** The runs that are being executed, with who asked and how much text has come. */
  *running(): Generator<RunningAnswer> {
    for (const [run, { owned, streamed }] of this.#executing) {
      const { space, record } = owned;
      yield {
        run,
        workspace: workspaceOf(space),
        user: record.askedBy?.user ?? userOf(space),
        characters: streamed,
      };
    }
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

  /** Executes an attempt whose start has been committed, until its end has been committed too. */
  begin(attempt: Attempt): void {
    const { space, record: { id, epoch, askedBy } } = attempt.owned;
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
    const release = this.#access?.holdRun(
      space,
      askedBy,
      () => execution.tell("cancelled"),
    );
    void execution.finished.then(() => {
      release?.();
      const { tokens } = execution;
      // What is not known stays counted as it was reserved.
      if (tokens !== null) attempt.limits?.settle({ tokens });
      attempt.limits?.release();
      if (this.#executing.get(id) === execution) this.#executing.delete(id);
      this.#renew(attempt);
      this.#release(execution.live);
    });
  }

  /** Keeps a temporary thread for its time from now on; a row that is missed has lived shorter. */
  #renew({ owned: { space, record }, logger }: Attempt): void {
    if (!record.temporary || this.#isDraining) return;
    this.#temporary.refresh(space, record.threadId).catch((error) =>
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
  executed(space: string, runId: string): RunRecord | null {
    const owned = this.#executing.get(runId)?.owned;
    return owned?.space === space ? owned.record : null;
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
