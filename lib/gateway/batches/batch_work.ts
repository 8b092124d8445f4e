/**
 * Asks the lines of one batch, some at a time, and stores what each comes to. Whoever goes on after a death
 * of the process asks again only what had not been stored.
 */
import type { StoredCallers } from "@/lib/auth/stored_callers.ts";
import { sleep } from "@/lib/clock.ts";
import { AppError, ProviderError } from "@/lib/errors.ts";
import type { Line } from "./batch_lines.ts";
import type { BatchProgress, BatchRecord } from "./batch_record.ts";
import { isFault, readRequest } from "./batch_request.ts";
import type { BatchStore, ResultKind } from "./batch_store.ts";
import {
  isFailure,
  type LineAnswer,
  type LineCalls,
  type LineFailure,
} from "./line_calls.ts";
import type { LinePlaces } from "./line_places.ts";
import { isPassing, resultLine, usageIn } from "./line_result.ts";

export interface BatchWorkParts {
  space: string;
  record: BatchRecord;
  lines: AsyncIterable<Line>;
  progress: BatchProgress;
  /** Lines behind that progress that have come to something. */
  finished: ReadonlySet<number>;
  store: Pick<BatchStore, "clock" | "writeResult">;
  incarnation: Parameters<BatchStore["writeResult"]>[0];
  calls: Pick<LineCalls, "ask">;
  callers: Pick<StoredCallers, "asker">;
  places: LinePlaces;
  /** The process has too much to do: it begins nothing that can wait. */
  isPressed: () => boolean;
  onProgress: (progress: BatchProgress) => void;
}

/** A line that was read and is not known to be done with all before it. */
interface OpenLine {
  number: number;
  endOffset: number;
  isDone: boolean;
}

/** Lines of one batch that are asked at a time. */
export const LINES_AT_A_TIME = 8;
/** Answers of one batch that are not stored yet. */
const MAX_UNSTORED = 64;
/** Lines that may be done before one that still waits. */
const MAX_AHEAD = 1_000;
const PRESSED_PAUSE_MS = 250;
/** Tries of a line whose provider fails; a limit is waited for as long as it takes. */
const ATTEMPTS = 3;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export class BatchWork {
  readonly #parts: BatchWorkParts;
  /** No further line is begun. */
  readonly #stop = new AbortController();
  /** What is being asked is given up. */
  readonly #cut = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #open: OpenLine[] = [];
  #progress: BatchProgress;
  /** Settles with the next line that gives its place back, and when all is to end. */
  #changed = Promise.withResolvers<void>();
  #asking = 0;
  /** Lines that wait to be asked again. */
  #waiting = 0;
  /** How many may be asked at a time: fewer after a refusal, more with each answer. */
  #most = LINES_AT_A_TIME;
  /** Monotonic. */
  #pausedUntilMs = 0;
  #failure: { error: unknown } | null = null;

  constructor(parts: BatchWorkParts) {
    this.#parts = parts;
    this.#progress = parts.progress;
  }

  /** Begins no further line; with `atOnce` what is being asked ends, too. */
  stop(atOnce: boolean): void {
    this.#stop.abort();
    this.#tellChange();
    if (atOnce) this.#cut.abort();
  }

  /**
   * Resolves when every line has come to something, or when it was stopped and what was being asked has.
   * @throws what reading the lines or storing a result failed with
   */
  async run(): Promise<void> {
    try {
      await this.#askAll();
    } catch (error) {
      this.#failure ??= { error };
      this.stop(true);
    }
    while (this.#running.size > 0) await Promise.all(this.#running);
    if (this.#failure !== null) throw this.#failure.error;
  }

  async #askAll(): Promise<void> {
    const { finished, lines } = this.#parts;
    for await (const line of lines) {
      const isDone = finished.has(line.number);
      const open = { number: line.number, endOffset: line.endOffset, isDone };
      this.#open.push(open);
      if (isDone) {
        this.#advance();
        continue;
      }
      if (!await this.#takePlace(false)) return;
      const running = this.#do(line, open).catch((error) => {
        this.#failure ??= { error };
        this.stop(true);
      }).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted;
  }

  /**
   * Waits until one more line may be asked. False: none is to be any more.
   * @param isAgain it was asked before: such lines come first
   */
  async #takePlace(isAgain: boolean): Promise<boolean> {
    const { store: { clock }, isPressed, places } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const pauseMs = this.#pausedUntilMs - clock.monotonic();
      if (pauseMs > 0) await sleep(clock, pauseMs, signal);
      else if (
        this.#asking >= Math.floor(this.#most) || (!isAgain && this.#isFull)
      ) {
        await Promise.race([this.#changed.promise, ...this.#running]);
      } else if (isPressed()) await sleep(clock, PRESSED_PAUSE_MS, signal);
      else {
        this.#asking += 1;
        await places.take();
        if (!signal.aborted) return true;
        this.#leavePlace();
      }
    }
    return false;
  }

  get #isFull(): boolean {
    return this.#waiting > 0 || this.#running.size >= MAX_UNSTORED ||
      this.#open.length > MAX_AHEAD;
  }

  #leavePlace(): void {
    this.#parts.places.leave();
    this.#asking -= 1;
    this.#tellChange();
  }

  #tellChange(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  async #do(line: Line, open: OpenLine): Promise<void> {
    const read = readRequest(line, this.#parts.record.endpoint);
    const customId = isFault(read) ? "" : read.customId;
    const answer = isFault(read)
      ? this.#notAsked(read.message)
      : await this.#ask(read.body);
    // It is asked again by whoever goes on.
    if (answer === null) return;
    const kind: ResultKind = isFailure(answer) ? "error" : "output";
    const text = resultLine(customId, answer);
    const { store, incarnation, space, record: { id } } = this.#parts;
    const { body } = isFailure(answer) ? { body: {} } : answer;
    await store.writeResult(
      incarnation,
      { space, id },
      { kind, line: line.number, text },
      () => this.#done(open, kind, body),
    );
    this.#parts.onProgress(this.#progress);
  }

  /** The input was looked through before: it cannot come to this. */
  #notAsked(message: string): LineFailure {
    this.#leavePlace();
    const code = "invalid_request";
    const error = new AppError({ status: 400, code, message });
    return { requestId: "", error };
  }

  /** Asks, and gives the place back. Null: it was given up. */
  async #ask(
    body: Record<string, unknown>,
  ): Promise<LineAnswer | LineFailure | null> {
    for (let attempt = 1;; attempt += 1) {
      const answer = await this.#askOnce(body);
      if (!isFailure(answer)) {
        this.#most = Math.min(this.#most + 1 / this.#most, LINES_AT_A_TIME);
        return answer;
      }
      if (this.#cut.signal.aborted) return null;
      const { error } = answer;
      const isHeldUp = isPassing(error);
      const mayPass = error.retryable && error.status >= 500 &&
        attempt < ATTEMPTS;
      if (!isHeldUp && !mayPass) return answer;
      if (isHeldUp) this.#slowDown();
      if (!await this.#pause(pauseAfter(error, attempt), isHeldUp)) return null;
    }
  }

  async #askOnce(
    body: Record<string, unknown>,
  ): Promise<LineAnswer | LineFailure> {
    const { calls, callers, space, record } = this.#parts;
    const { askedBy, endpoint } = record;
    try {
      return await calls.ask({
        endpoint,
        body,
        space,
        job: record.jobId,
        asker: () => callers.asker(askedBy, endpoint),
        signal: this.#cut.signal,
      });
    } finally {
      this.#leavePlace();
    }
  }

  /** As many as are being asked now are too many: those beside the one that was refused are not. */
  #slowDown(): void {
    this.#most = Math.max(Math.min(this.#most, this.#asking), 1);
  }

  /**
   * Waits before a further try. False: there is to be none.
   * @param holdsAll the whole batch meets the same limit
   */
  async #pause(pauseMs: number, holdsAll: boolean): Promise<boolean> {
    const { store: { clock } } = this.#parts;
    if (holdsAll) {
      const untilMs = clock.monotonic() + pauseMs;
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    }
    this.#waiting += 1;
    await sleep(clock, pauseMs, this.#stop.signal);
    const isWanted = await this.#takePlace(true);
    this.#waiting -= 1;
    this.#tellChange();
    return isWanted;
  }

  /** Counts a line whose result is being written. */
  #done(
    open: OpenLine,
    kind: ResultKind,
    body: Record<string, unknown>,
  ): BatchProgress {
    open.isDone = true;
    this.#advance();
    let { completed, failed, usage } = this.#progress;
    if (kind === "output") completed += 1;
    else failed += 1;
    const used = usageIn(body);
    usage = {
      inputTokens: usage.inputTokens + used.inputTokens,
      cachedInputTokens: usage.cachedInputTokens + used.cachedInputTokens,
      outputTokens: usage.outputTokens + used.outputTokens,
    };
    this.#progress = { ...this.#progress, completed, failed, usage };
    return this.#progress;
  }

  /** Passes the lines that are done from the first on. */
  #advance(): void {
    while (this.#open.length > 0 && this.#open[0].isDone) {
      const { number: line, endOffset: offset } = this.#open.shift()!;
      this.#progress = { ...this.#progress, line, offset };
    }
  }
}

/** How long to wait after a refusal: as long as it says, else longer each time. */
function pauseAfter(error: AppError, attempt: number): number {
  const { headers } = error;
  const told = Number(headers["retry-after"] ?? headers["Retry-After"]) * 1_000;
  if (told > 0) return Math.min(told, LONGEST_PAUSE_MS);
  if (error instanceof ProviderError && error.retryAfterMs !== null) {
    return Math.min(Math.max(error.retryAfterMs, 100), LONGEST_PAUSE_MS);
  }
  const most = Math.min(FIRST_PAUSE_MS * 2 ** attempt, LONGEST_PAUSE_MS);
  return most / 2 + Math.random() * most / 2;
}
