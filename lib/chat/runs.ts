/**
 * Runs: one answer in the making each, executed here and not inside the request that asked for it. What
 * a client sees is a follower of the run; hanging up changes nothing.
 */
import type { RunStore } from "./run_store.ts";
import type { RunRecord } from "./records.ts";
import { openingEvent, pieces, terminalEvent } from "./run_events.ts";
import { RunLog } from "./run_log.ts";
import { AppError, FencedError, StorageError } from "@/lib/errors.ts";
import { estimateTokens } from "@/lib/llm/estimate.ts";
import type {
  ChatMessage,
  ChatRequest,
  Delta,
  Provider,
  TokenUsage,
} from "@/lib/llm/types.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { type After, followLive, replayEnded } from "@/lib/streams/follow.ts";
import type { Hub } from "@/lib/streams/hub.ts";
import type { LiveRun, PlacedEvent } from "@/lib/streams/live_run.ts";
import type {
  RunError,
  RunEvent,
  RunStatus,
  Usage,
} from "@/lib/shared/wire.ts";

interface ActiveRun {
  workspace: string;
  record: RunRecord;
  live: LiveRun;
  log: RunLog;
  abort: AbortController;
  /** Lines of this carry request, thread and run. */
  logger: Logger;
  /** What the run is at; a log line of its end says how far it came. */
  stage: "provider.first_token" | "stream" | "commit";
  startedAtMs: number;
  firstTokenAtMs: number | null;
  /** Why the run was told to end early, if it was. */
  told: "cancelled" | "interrupted" | null;
  finished: Promise<void>;
}

/** An answer's stream that has been opened before its run is known to the store. */
interface OpenedStream {
  iterator: AsyncIterator<Delta>;
  first: Promise<IteratorResult<Delta>>;
  abort: AbortController;
}

/** Largest tool event, as JSON, in UTF-16 code units: it has to fit one value of the store. */
const MAX_TOOL_CHARACTERS = 24_000;

/** How long followers wait for the end of a run to be stored before they are told, in milliseconds. */
const FINAL_DEADLINE_MS = 5_000;

/** Waits between attempts to write the end of a run while the store refuses, in milliseconds. */
const FINAL_RETRY_MS = [100, 500, 1_000, 2_000, 5_000];

export class Runs {
  readonly #store: RunStore;
  readonly #hub: Hub;
  readonly #finalDeadlineMs: number;
  readonly #active = new Map<string, ActiveRun>();
  #draining = false;

  constructor(
    store: RunStore,
    hub: Hub,
    options: { finalDeadlineMs?: number } = {},
  ) {
    this.#finalDeadlineMs = options.finalDeadlineMs ?? FINAL_DEADLINE_MS;
    this.#store = store;
    this.#hub = hub;
  }

  /** Opens the provider's stream; the start commit goes on meanwhile. */
  openStream(provider: Provider, request: ChatRequest): OpenedStream {
    const abort = new AbortController();
    const iterator = provider.stream(request, abort.signal)
      [Symbol.asyncIterator]();
    const first = iterator.next();
    // Looked at by the run; a start that fails first must not leave the rejection unhandled.
    first.catch(() => {});
    return { iterator, first, abort };
  }

  /** Executes a run whose start has been committed, until its end has been committed too. */
  begin(
    workspace: string,
    record: RunRecord,
    prompt: ChatMessage[],
    opened: OpenedStream,
    logger: Logger,
  ): void {
    const live = this.#hub.open(record.id, record.epoch);
    const log = new RunLog(this.#store, workspace, record);
    const run: ActiveRun = {
      workspace,
      record,
      live,
      log,
      abort: opened.abort,
      logger: logger.with({ thread: record.threadId, run: record.id }),
      stage: "provider.first_token",
      startedAtMs: performance.now(),
      firstTokenAtMs: null,
      told: null,
      finished: Promise.resolve(),
    };
    this.#active.set(record.id, run);
    this.#append(run, openingEvent(record));
    if (this.#draining) this.#tell(run, "interrupted");
    run.logger.info("Run started", {
      model: record.model,
      provider: record.provider,
    });
    run.finished = this.#execute(run, prompt, opened).catch((error) => {
      run.logger.error("Run was lost", { stage: run.stage, error });
      run.live.abandon();
      this.#active.delete(record.id);
    });
  }

  /**
   * Stops a run of this process; resolves once its end is in the store. False: not ours.
   * @throws {StorageError} when the provider is stopped but the end could not be stored in time
   */
  async cancel(runId: string): Promise<boolean> {
    const run = this.#active.get(runId);
    if (run === undefined) return false;
    this.#tell(run, "cancelled");
    if (await within(run.finished, this.#finalDeadlineMs)) return true;
    throw new StorageError(
      "The answer was stopped at the provider, but the store does not accept writes. What had arrived is kept in memory.",
    );
  }

  /** A run that this process holds in memory, else null. */
  live(runId: string): LiveRun | null {
    return this.#hub.get(runId) ?? null;
  }

  /** Follows a run from a place: from memory while it is here, else from the store. */
  async *follow(
    workspace: string,
    runId: string,
    after: After,
    signal: AbortSignal,
  ): AsyncGenerator<PlacedEvent[], void, void> {
    const live = this.#hub.get(runId);
    if (live !== undefined) {
      yield* followLive(live, after, signal);
      return;
    }
    const stored = await this.#store.readRunEvents(workspace, runId);
    if (stored !== null) yield* replayEnded(stored.epoch, stored.events, after);
  }

  /**
   * Ends every run of this process as `interrupted`, its text kept; resolves when the ends are in the
   * store or the deadline has passed.
   */
  async drain(deadlineMs: number): Promise<void> {
    this.#draining = true;
    const runs = [...this.#active.values()];
    for (const run of runs) this.#tell(run, "interrupted");
    await within(
      Promise.allSettled(runs.map((run) => run.finished)),
      deadlineMs,
    );
    for (const run of this.#active.values()) run.live.abandon();
  }

  #tell(run: ActiveRun, why: "cancelled" | "interrupted"): void {
    run.told ??= why;
    run.abort.abort();
  }

  #append(run: ActiveRun, event: RunEvent): void {
    run.log.append(run.live.append(event));
  }

  async #execute(
    run: ActiveRun,
    prompt: ChatMessage[],
    opened: OpenedStream,
  ): Promise<void> {
    const outcome: Outcome = { finishReason: null, usage: null };
    let failure: unknown = null;
    try {
      await this.#consume(run, opened, outcome);
    } catch (error) {
      failure = error;
    }
    // A provider may end quietly when its signal aborts; the order to stop decides all the same.
    const status: RunStatus = run.told !== null && outcome.finishReason === null
      ? run.told
      : failure === null
      ? "completed"
      : "failed";
    const error = status === "failed" ? toRunError(failure) : null;
    if (error !== null) {
      run.logger.warn("Provider failed", {
        stage: run.stage,
        code: error.code,
        error: failure,
      });
    }
    run.stage = "commit";
    await this.#finish(run, {
      status,
      finishReason: outcome.finishReason,
      usage: toUsage(outcome.usage, prompt, run.live.text),
      error,
    });
  }

  async #consume(
    run: ActiveRun,
    opened: OpenedStream,
    outcome: Outcome,
  ): Promise<void> {
    try {
      run.abort.signal.throwIfAborted();
      let result = await opened.first;
      while (!result.done) {
        for (const event of this.#take(run, result.value, outcome)) {
          this.#append(run, event);
          await run.log.ready(run.abort.signal);
        }
        result = await opened.iterator.next();
      }
    } finally {
      // Closes the provider's socket whatever ended the loop.
      void Promise.resolve(opened.iterator.return?.()).catch(() => {});
    }
  }

  /** The events of a delta; a very long one becomes several. */
  *#take(
    run: ActiveRun,
    delta: Delta,
    outcome: Outcome,
  ): Generator<RunEvent, void, void> {
    run.stage = "stream";
    run.firstTokenAtMs ??= performance.now();
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
        if (JSON.stringify(delta.call).length > MAX_TOOL_CHARACTERS) {
          throw new AppError({
            status: 502,
            code: "provider_malformed",
            message: "The provider sent a tool call that is too large to keep.",
            retryable: true,
          });
        }
        yield { event: "tool", data: delta.call };
        break;
      case "finish":
        outcome.finishReason = delta.reason;
        break;
      case "usage":
        outcome.usage = delta.usage;
        break;
    }
  }

  /** Commits the end, then tells the followers: what they hear is already durable. */
  async #finish(run: ActiveRun, end: RunEnd): Promise<void> {
    const last = terminalEvent(end);
    const endSeq = run.live.lastSeq + 1;
    const record: RunRecord = {
      ...run.record,
      status: end.status,
      finishReason: end.finishReason,
      usage: end.usage,
      error: end.error,
      endSeq,
      finishedAt: new Date().toISOString(),
    };
    const placed: PlacedEvent = {
      position: { epoch: run.live.epoch, seq: endSeq },
      event: last,
    };
    const tail = await run.log.tail(placed);
    const text = run.live.text;
    const write = (withEvents: boolean) =>
      this.#store.finishRun(
        run.workspace,
        record,
        text,
        withEvents ? tail : [],
      );
    const written = this.#writeFinal(run, write);
    const late = setTimeout(
      () => run.live.breakOff({ event: "error", data: storageError() }),
      this.#finalDeadlineMs,
    );
    const stored = await written;
    clearTimeout(late);
    if (stored && !run.live.closed) run.live.append(last);
    else run.live.abandon();
    this.#active.delete(record.id);
    logEnd(run, record);
    if (run.live.farewell === null) this.#hub.release(record.id);
    // What memory says differs from the log now; whoever follows from here on reads the log.
    else this.#hub.forget(record.id);
  }

  /**
   * Writes the end of a run, again and again while the store refuses (disk full): memory keeps it. False
   * when this process may not write any more; whoever fenced it has claimed the run.
   */
  async #writeFinal(
    run: ActiveRun,
    write: (withEvents: boolean) => Promise<void>,
  ): Promise<boolean> {
    let withEvents = true;
    for (let attempt = 0;; attempt += 1) {
      try {
        await write(withEvents);
        return true;
      } catch (error) {
        if (error instanceof FencedError || this.#draining) return false;
        // The store refuses what is in the events; the text is what matters, and a replay is made of it.
        if (error instanceof TypeError) withEvents = false;
        run.logger.error("End of a run could not be stored", {
          stage: run.stage,
          error,
        });
        const waitMs =
          FINAL_RETRY_MS[Math.min(attempt, FINAL_RETRY_MS.length - 1)];
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }
}

/** Waits for a promise that does not reject, for so long at most; whether it has settled. */
async function within(
  promise: Promise<unknown>,
  deadlineMs: number,
): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), deadlineMs);
  const settled = await Promise.race([promise.then(() => true), late.promise]);
  clearTimeout(timer);
  return settled;
}

interface Outcome {
  finishReason: string | null;
  usage: TokenUsage | null;
}

interface RunEnd {
  status: RunStatus;
  finishReason: string | null;
  usage: Usage | null;
  error: RunError | null;
}

function logEnd(run: ActiveRun, record: RunRecord): void {
  const since = (atMs: number | null) =>
    atMs === null ? null : Math.round(atMs - run.startedAtMs);
  run.logger.info("Run ended", {
    status: record.status,
    finishReason: record.finishReason,
    firstTokenMs: since(run.firstTokenAtMs),
    durationMs: since(performance.now()),
    outputTokens: record.usage?.outputTokens,
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

function toUsage(
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
