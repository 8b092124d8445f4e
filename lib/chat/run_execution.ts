/**
 * One attempt at an answer, executed here and not inside the request that asked for it: from the
 * provider's first delta to the commit of the end.
 */
import type { OpenedAnswer, Settlement } from "@/lib/cache/answers.ts";
import { AppError, FencedError } from "@/lib/errors.ts";
import { type Clock, sleep } from "@/lib/clock.ts";
import { estimateTokens } from "@/lib/llm/estimate.ts";
import type {
  BudgetReservation,
  SpentCounters,
} from "@/lib/limits/budget_reservation.ts";
import type { PriceList } from "@/lib/llm/prices.ts";
import type { ChatMessage, Delta, TokenUsage } from "@/lib/llm/types.ts";
import type { Reservation } from "@/lib/limits/limits.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { RunObserver } from "@/lib/observe/observer.ts";
import type { RequestAttempt } from "@/lib/observe/request_record.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import {
  codeOf,
  overheadOf,
  type Stage,
  Stages,
} from "@/lib/observe/stages.ts";
import type {
  RunError,
  RunEvent,
  RunStatus,
  Usage,
} from "@/lib/shared/wire.ts";
import type {
  LiveRun,
  LoggedEvent,
  PlacedEvent,
} from "@/lib/streams/live_run.ts";
import { MAX_EVENT_BYTES } from "@/lib/streams/log_codec.ts";
import type { LedgerRow, LedgerStatus } from "@/lib/usage/ledger_row.ts";
import type { RunRecord } from "./records.ts";
import {
  failoverEvent,
  openingEvent,
  pieces,
  terminalEvent,
} from "./run_events.ts";
import { runFacts } from "./run_facts.ts";
import { attemptRow, costOf } from "./run_ledger.ts";
import type { OwnedRun, RunStore } from "./run_store.ts";
import { servedBy } from "./served_by.ts";

/** An answer's stream that has been opened before its run is known to the store. */
export interface OpenedStream
  extends Pick<OpenedAnswer, "cache" | "served" | "settle" | "pays"> {
  iterator: AsyncIterator<Delta>;
  first: Promise<IteratorResult<Delta>>;
  abort: AbortController;
  /** What it has reserved of the budgets that it has to keep; null: there are none. */
  budget: BudgetReservation | null;
  /** Who has been asked so far, oldest first. */
  attempts: readonly RequestAttempt[];
  /** After an error in the middle: the answer from its beginning by another model, or null: by none. */
  restart(error: unknown): Promise<OpenedStream> | null;
}

/** How deltas become the events of a run that is no chat's. */
export interface RunForm {
  /** Text of the answer so far. */
  readonly text: string;
  /** The events of a delta: none, one, or several when it is long. */
  events(delta: Delta): readonly LoggedEvent[];
  /** The answer begins anew. */
  restart(): void;
  /** The events that end an answer which was cut off. */
  cutOff(): readonly LoggedEvent[];
}

/** What an attempt begins with. */
export interface Attempt {
  owned: OwnedRun;
  prompt: ChatMessage[];
  opened: OpenedStream;
  /** Of the request that began it; takes its stages. */
  trace?: RequestTrace | null;
  /** Text that the answer has already and goes on from. */
  kept: string;
  logger: Logger;
  /** What it holds of the limits of who asked; absent: nothing. */
  limits?: Reservation | null;
  /** Without it the events are those of chats. */
  form?: RunForm;
}

/**
 * Why an attempt was told to end: somebody stopped it; the process goes down, and another one is to
 * begin it again.
 */
export type Order = "cancelled" | "handover";

export interface ExecutionOptions {
  store: RunStore;
  prices: PriceList;
  live: LiveRun;
  observer: RunObserver | null;
  /** How long followers wait for the end to be stored before they are told, in milliseconds. */
  finalDeadlineMs: number;
}

interface Outcome {
  finishReason: string | null;
  usage: TokenUsage | null;
}

/** As `estimateTokens` counts. */
const CHARACTERS_PER_TOKEN = 4;

/** Waits between attempts to write the end of a run while the store refuses, in milliseconds. */
const FINAL_RETRY_MS = [100, 500, 1_000, 2_000, 5_000];

/** How it ends before the first delta when no provider took the request, or nobody was asked at all. */
const REFUSALS: ReadonlySet<string> = new Set([
  "context_length_exceeded",
  "model_not_found",
  "overloaded",
  "provider_auth_failed",
  "provider_rate_limited",
  "provider_refused",
  "provider_unavailable",
]);

const NO_USAGE: Usage = {
  inputTokens: 0,
  cachedInputTokens: 0,
  outputTokens: 0,
  estimated: true,
};

const encoder = new TextEncoder();

export class RunExecution {
  #owned: OwnedRun;
  readonly live: LiveRun;
  /** Resolves when the attempt is over, whatever came of it. */
  readonly finished: Promise<void>;
  readonly #attempt: Omit<Attempt, "owned" | "opened">;
  #opened: OpenedStream;
  readonly #options: ExecutionOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #stages: Stages;
  /** From the first delta to the last. */
  #streaming: Stage | null = null;
  #startedAtMs: number;
  #firstTokenAtMs: number | null = null;
  /** What it pays, once it is over. */
  #bill: Settlement | null = null;
  #tokens: number | null = null;
  /** What its ledger row carries, once it is over. */
  #counters: SpentCounters | null = null;
  /** Deltas that held something, and characters in them. */
  #deltas = 0;
  #characters = 0;
  /** Characters that have come, whatever became of them. */
  #streamed = 0;
  /** What it is at; a log line of its end says how far it came. */
  #stage: "provider.first_token" | "stream" | "commit" = "provider.first_token";
  #order: Order | null = null;
  #isGivenUp = false;

  constructor(attempt: Attempt, options: ExecutionOptions) {
    this.#attempt = attempt;
    this.#options = options;
    this.#owned = attempt.owned;
    this.#opened = attempt.opened;
    this.live = options.live;
    this.#clock = options.store.clock;
    this.#stages = attempt.trace?.stages ?? new Stages();
    this.#startedAtMs = this.#clock.monotonic();
    const { record } = attempt.owned;
    this.#logger = attempt.logger.with({
      thread: record.threadId,
      run: record.id,
    });
    this.#appendOpening(openingEvent(record));
    this.#logger.info("Run started", {
      model: record.model,
      provider: record.provider,
      epoch: record.epoch,
    });
    this.finished = this.#execute().catch((error) => {
      this.#logger.error("Run was lost", { stage: this.#stage, error });
      this.#letGo();
    });
  }

  /** The run under the epoch that it has now. */
  get owned(): OwnedRun {
    return this.#owned;
  }

  /** Tokens that it has paid so far, asked and answered; null: not known yet. */
  get tokens(): number | null {
    return this.#tokens;
  }

  /** Characters that have come so far. */
  get streamed(): number {
    return this.#streamed;
  }

  /** Tells the attempt to end; the first order counts. */
  tell(order: Order): void {
    this.#order ??= order;
    this.#opened.abort.abort();
  }

  /** The store takes no more writes of this process: nothing is tried again. */
  giveUp(): void {
    this.#isGivenUp = true;
  }

  /** Text of the answer so far, what it goes on from included. */
  get #text(): string {
    return this.#attempt.form?.text ?? this.live.text;
  }

  #append(event: LoggedEvent): void {
    this.owned.log.append(this.live.append(event));
  }

  /** The first event of an epoch, and the text that the answer goes on from. */
  #appendOpening(event: RunEvent): void {
    this.#append(event);
    for (const content of pieces(this.#attempt.kept)) {
      this.#append({ event: "chunk", data: { content } });
    }
  }

  async #execute(): Promise<void> {
    const outcome: Outcome = { finishReason: null, usage: null };
    let failure: unknown;
    do {
      failure = await this.#consume(outcome).then(() => null, (error) => error);
      this.#streamEnded(failure);
      if (failure === null) break;
    } while (await this.#beginAgain(outcome, failure));
    // Whoever fenced this process has the run now, or will have it.
    if (failure instanceof FencedError) return this.#letGo();
    // A provider may end quietly when its signal aborts; the order to stop decides all the same.
    const told = outcome.finishReason === null ? this.#order : null;
    const mayGoOn = !this.owned.record.isAttached;
    if (told === "handover" && mayGoOn) return await this.#handOver();
    const status = statusOf(told, failure);
    const error = status === "failed" ? toRunError(failure) : null;
    if (error !== null) {
      this.#logger.warn("Provider failed", {
        stage: this.#stage,
        code: error.code,
        error: failure,
      });
    }
    this.#stage = "commit";
    await this.#finish(this.#endOf(status, outcome, error));
  }

  async #consume(outcome: Outcome): Promise<void> {
    const { iterator, first, abort } = this.#opened;
    try {
      abort.signal.throwIfAborted();
      let result = await this.#firstOf(first);
      if (!result.done) this.#streaming = this.#stages.begin("stream");
      while (!result.done) {
        for (const event of this.#events(result.value, outcome)) {
          const behind = this.owned.log.ready(abort.signal);
          if (behind !== null) await behind;
          this.#append(event);
        }
        if ("text" in result.value) {
          this.#streamed += result.value.text.length;
        }
        const covered = this.#isCovered(result.value, outcome);
        if (covered !== true && !(await covered)) {
          this.#cutOff(outcome);
          break;
        }
        result = await iterator.next();
      }
    } finally {
      // Closes the provider's socket whatever ended the loop.
      void Promise.resolve(iterator.return?.()).catch(() => {});
    }
  }

  /** The first delta. Who shares another run's call waits for the provider as well, with no try of its own. */
  async #firstOf<T>(first: Promise<T>): Promise<T> {
    if (this.#opened.cache !== "joined") return await first;
    const stage = this.#streaming = this.#stages.begin("provider.first_token");
    const result = await first;
    this.#stages.end(stage);
    this.#streaming = null;
    return result;
  }

  /** Whether the budgets allow for more of the answer. */
  #isCovered(delta: Delta, outcome: Outcome): boolean | Promise<boolean> {
    const { budget, pays } = this.#opened;
    if (budget === null || delta.type === "usage") return true;
    this.#deltas += 1;
    if ("text" in delta) this.#characters += delta.text.length;
    if (outcome.finishReason !== null || !pays()) return true;
    // A provider puts one token or more into each delta.
    const text = Math.ceil(this.#characters / CHARACTERS_PER_TOKEN);
    return budget.covers(Math.max(this.#deltas, text));
  }

  /** A budget is spent: what there is of the answer stays. */
  #cutOff(outcome: Outcome): void {
    outcome.finishReason = "budget";
    for (const event of this.#attempt.form?.cutOff() ?? []) this.#append(event);
    this.#logger.info("Answer was cut off by a budget");
  }

  #streamEnded(failure: unknown): void {
    const stage = this.#streaming;
    if (stage === null) return;
    this.#streaming = null;
    if (this.#order !== null) this.#stages.end(stage, "cancelled");
    else if (failure === null) this.#stages.end(stage);
    else this.#stages.end(stage, "failed", codeOf(failure));
  }

  /**
   * After an answer has broken off in the middle: begins it again by the next model of the route, under
   * the next epoch. Followers hear of it once it is in the store.
   * @returns false when there is none, or nobody wants it
   */
  async #beginAgain(outcome: Outcome, failure: unknown): Promise<boolean> {
    const isBroken = this.#firstTokenAtMs !== null &&
      outcome.finishReason === null && this.#order === null;
    if (!isBroken) return false;
    const { record } = this.#owned;
    const broken = this.#endOf("interrupted", outcome, toRunError(failure));
    // What it has reserved and not used is there for the next.
    const counters = this.#settle(broken);
    const reopened = this.#opened.restart(failure);
    if (reopened === null) return false;
    const row = this.#row(broken, "interrupted");
    let next: RunRecord;
    try {
      this.#opened = await reopened;
      next = {
        ...record,
        ...servedBy(record, this.#opened.served()),
        reserve: this.#opened.budget?.note,
        epoch: record.epoch + 1,
        startedAt: new Date(this.#clock.now()).toISOString(),
      };
      if (this.#order !== null) this.#opened.abort.abort();
      const { store } = this.#options;
      this.#owned = await store.beginAgain(this.#owned, next, {
        ledger: row,
        counters,
      });
    } catch (error) {
      this.#logger.error("Answer could not be begun again", { error });
      this.#opened.budget?.release();
      this.#opened.abort.abort();
      return false;
    }
    this.#logger.warn("Answer is begun again by another model", {
      epoch: next.epoch,
      error: failure,
    });
    this.#startedAtMs = this.#clock.monotonic();
    this.#firstTokenAtMs = null;
    this.#bill = null;
    this.#counters = null;
    this.#deltas = 0;
    this.#characters = 0;
    outcome.usage = null;
    this.#attempt.form?.restart();
    this.#stage = "provider.first_token";
    this.live.restart(next.epoch);
    this.#appendOpening(failoverEvent(next));
    return true;
  }

  #events(delta: Delta, outcome: Outcome): Iterable<LoggedEvent> {
    this.#stage = "stream";
    this.#firstTokenAtMs ??= this.#clock.monotonic();
    if (delta.type === "finish") outcome.finishReason ??= delta.reason;
    else if (delta.type === "usage") outcome.usage = delta.usage;
    return this.#attempt.form?.events(delta) ?? chatEvents(delta);
  }

  /** The record of the run in its last state. */
  #endOf(
    status: RunStatus,
    { finishReason, usage }: Outcome,
    error: RunError | null,
  ): RunRecord {
    const { record } = this.owned;
    const { prompt, kept } = this.#attempt;
    const opened = this.#opened;
    const ended: RunRecord = {
      ...record,
      ...servedBy(record, opened.served()),
      status,
      finishReason,
      // A run that was begun again has a call of its own, whatever it had before.
      cache: opened.cache !== "bypass" ? opened.cache : record.cache && "miss",
      usage: this.#wasRefused(error)
        ? { ...NO_USAGE }
        : toUsage(usage, prompt, this.#text.slice(kept.length)),
      error,
      endSeq: this.live.lastSeq + 1,
      finishedAt: new Date(this.#clock.now()).toISOString(),
    };
    if (this.#bill === null) {
      this.#bill = opened.settle(ended.usage!);
      const { inputTokens, outputTokens } = this.#bill.paid;
      this.#tokens = (this.#tokens ?? 0) + inputTokens + outputTokens;
    }
    return { ...ended, costMicroUsd: this.#costOf(ended, this.#bill.paid) };
  }

  /** Whether no provider has worked for it: a refusal costs nothing. */
  #wasRefused(error: RunError | null): boolean {
    return error !== null && this.#firstTokenAtMs === null &&
      REFUSALS.has(error.code);
  }

  /** In micro-dollars: of what it pays, which is nothing for an answer that was there already. */
  #costOf(ended: RunRecord, paid: TokenUsage): number | null {
    const { cache } = this.#opened;
    const isShared = cache !== "miss" && cache !== "bypass";
    if (isShared && paid.inputTokens + paid.outputTokens === 0) return 0;
    const usage = { ...paid, estimated: ended.usage!.estimated };
    return costOf(this.#options.prices, { ...ended, usage });
  }

  /** What the attempt has come to, for the budgets; what they had reserved for it is free. */
  #settle({ costMicroUsd = null }: RunRecord): SpentCounters {
    const { inputTokens, outputTokens } = this.#bill!.paid;
    return this.#counters ??= this.#opened.budget?.settle(
      { microUsd: costMicroUsd, tokens: inputTokens + outputTokens },
      this.owned.incarnation.id,
    ) ?? [];
  }

  #row(record: RunRecord, status: LedgerStatus) {
    const since = (atMs: number | null) =>
      atMs === null ? null : Math.round(atMs - this.#startedAtMs);
    return attemptRow(record, status, {
      firstTokenMs: since(this.#firstTokenAtMs),
      totalMs: Math.round(this.#clock.monotonic() - this.#startedAtMs),
      overheadMs: overheadOf(this.#attempt.trace),
    }, this.#bill ?? undefined);
  }

  /** Commits the end, then tells the followers: what they hear is already durable. */
  async #finish(record: RunRecord): Promise<void> {
    const { store, finalDeadlineMs } = this.#options;
    const event = terminalEvent(record);
    const last: PlacedEvent = {
      position: { epoch: record.epoch, seq: record.endSeq! },
      event,
    };
    const end = {
      record,
      text: this.#text,
      last,
      ledger: this.#row(record, record.status as LedgerStatus),
      counters: this.#settle(record),
    };
    const cancelLate = this.#clock.after(
      finalDeadlineMs,
      () => this.live.breakOff({ event: "error", data: storageError() }),
    );
    const stage = this.#stages.begin("commit");
    const isStored = await this.#writeFinal((withEvents) =>
      store.finishRun(this.owned, end, withEvents)
    );
    this.#stages.end(stage, isStored ? "ok" : "failed");
    cancelLate();
    this.owned.log.release();
    if (isStored && !this.live.closed) this.live.append(event);
    else this.live.abandon();
    this.#logEnd(record);
    if (isStored) this.#tellObserver(record, end.ledger);
    else this.#attempt.trace?.runLeft();
  }

  /**
   * Writes the end of a run, again and again while the store refuses (disk full): memory keeps it. False
   * when this process may not write any more; whoever fenced it has claimed the run.
   */
  async #writeFinal(
    write: (withEvents: boolean) => Promise<void>,
  ): Promise<boolean> {
    let withEvents = true;
    for (let attempt = 0;; attempt += 1) {
      try {
        await write(withEvents);
        return true;
      } catch (error) {
        if (error instanceof FencedError || this.#isGivenUp) return false;
        // The store refuses what is in the events; the text is what matters, and a replay is made of it.
        if (error instanceof TypeError) withEvents = false;
        this.#logger.error("End of a run could not be stored", {
          stage: this.#stage,
          error,
        });
        const waitMs =
          FINAL_RETRY_MS[Math.min(attempt, FINAL_RETRY_MS.length - 1)];
        await sleep(this.#clock, waitMs);
      }
    }
  }

  /** Leaves the run to the process that comes next, its events and what it cost so far in the store. */
  async #handOver(): Promise<void> {
    const record = this.#endOf("interrupted", {
      finishReason: null,
      usage: null,
    }, null);
    try {
      await this.#options.store.handOver(this.owned, {
        ledger: this.#row(record, "interrupted"),
        counters: this.#settle(record),
      });
    } catch (error) {
      this.#logger.error("Run could not be handed over", { error });
    }
    this.#letGo();
  }

  #letGo(): void {
    this.#opened.budget?.release();
    this.owned.log.release();
    this.live.abandon();
    this.#attempt.trace?.runLeft();
  }

  #tellObserver(record: RunRecord, row: LedgerRow): void {
    const { observer } = this.#options;
    const { trace = null, prompt } = this.#attempt;
    const { live } = this;
    const facts = runFacts(record, row, {
      space: this.owned.space,
      servedModel: this.#opened.served()?.model ?? null,
      attempts: this.#opened.attempts,
      stages: this.#stages.all,
      chunks: live.lastSeq + 1,
      bodies: () => ({
        request: JSON.stringify({ ...record.params, messages: prompt }),
        response: this.#text,
      }),
    });
    observer?.runEnded(facts, trace);
  }

  #logEnd(record: RunRecord): void {
    const { firstTokenMs, totalMs } = this.#row(record, "completed");
    this.#logger.info("Run ended", {
      status: record.status,
      finishReason: record.finishReason,
      firstTokenMs,
      durationMs: totalMs,
      outputTokens: record.usage?.outputTokens,
      stages: this.#stages.serverTiming(),
    });
  }
}

/** The end of a run; whoever asked for it goes down with this process where nobody else may go on with it. */
function statusOf(told: Order | null, failure: unknown): RunStatus {
  if (told === "handover") return "interrupted";
  return told ?? (failure === null ? "completed" : "failed");
}

/** The events of a delta in a chat; a very long one becomes several. */
function* chatEvents(delta: Delta): Generator<RunEvent, void, void> {
  switch (delta.type) {
    case "text":
      for (const content of pieces(delta.text)) {
        yield { event: "chunk", data: { content } };
      }
      break;
    case "reasoning":
      for (const content of pieces(delta.text)) {
        yield { event: "reasoning", data: { content } };
      }
      break;
    case "tool":
      assertToolFits(delta.call);
      yield { event: "tool", data: delta.call };
      break;
  }
}

/** @throws {AppError} 502 when a tool event would not fit a value of the store */
function assertToolFits(call: Record<string, unknown>): void {
  const bytes = encoder.encode(JSON.stringify(call)).length;
  if (bytes <= MAX_EVENT_BYTES) return;
  throw new AppError({
    status: 502,
    code: "provider_malformed",
    message: "The provider sent a tool call that is too large to keep.",
    retryable: true,
  });
}

function toRunError(failure: unknown): RunError {
  if (failure instanceof AppError) {
    return {
      code: failure.code,
      message: failure.message,
      retryable: failure.retryable,
    };
  }
  return {
    code: "internal_error",
    message:
      "Something went wrong on this server while the answer was written.",
    retryable: true,
  };
}

function storageError(): RunError {
  return {
    code: "storage_unavailable",
    message:
      "The store does not accept writes. The answer so far is kept in memory.",
    retryable: true,
  };
}

/** What the provider reported, else an estimate from the texts. */
export function toUsage(
  reported: TokenUsage | null,
  prompt: ChatMessage[],
  text: string,
): Usage {
  if (reported !== null) return { ...reported, estimated: false };
  const asked = prompt.map((message) =>
    typeof message.content === "string" ? message.content : ""
  );
  return {
    inputTokens: estimateTokens(asked.join("\n")),
    cachedInputTokens: 0,
    outputTokens: estimateTokens(text),
    estimated: true,
  };
}
