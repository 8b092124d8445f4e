/** A job from its claim to the state that follows, in the process that has claimed it. */
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { type AttemptEnd, type Ending, JobAttempt } from "./job_attempt.ts";
import { stateAfter } from "./job_ends.ts";
import type { JobKind, JobOutcome } from "./job_kind.ts";
import type { JobRecord, JobResult } from "./job_record.ts";
import type { JobStore, LoadedJob } from "./job_store.ts";

/** Progress is stored so often at most, in milliseconds. */
const PROGRESS_EVERY_MS = 250;

/** Longest note of a progress, in UTF-16 code units. */
const MAX_MESSAGE_CHARACTERS = 500;

/** An attempt that is over and stored. */
export interface AttemptReport {
  kind: string;
  /** The verb of its event: `completed`, `failed`, `dead`, `cancelled`, or `queued` when it was given back. */
  outcome: string;
  tookMs: number;
}

export interface ExecutionParts {
  store: JobStore;
  kind: JobKind;
  loaded: LoadedJob;
  incarnation: Incarnation;
  /** Puts a result where it belongs. */
  keepResult: (result: unknown) => Promise<JobResult>;
  onAttempt?: (attempt: AttemptReport) => void;
  log: Logger;
}

export class JobExecution {
  readonly #parts: ExecutionParts;
  readonly #attempt: JobAttempt;
  /** The record as it was written last. */
  #loaded: LoadedJob;
  #progress: JobRecord["progress"];
  #cancelProgress: (() => void) | null = null;
  /** The write of progress that is under way. */
  #writing: Promise<void> = Promise.resolve();
  #isOver = false;

  constructor(parts: ExecutionParts) {
    const { kind, loaded, incarnation, store, log } = parts;
    this.#parts = parts;
    this.#loaded = loaded;
    this.#progress = loaded.record.progress;
    this.#attempt = new JobAttempt({
      kind,
      record: loaded.record,
      incarnation,
      clock: store.clock,
      log,
      onProgress: (value, message) => this.#tell(value, message),
    });
  }

  get record(): JobRecord {
    return this.#loaded.record;
  }

  get incarnation(): Incarnation {
    return this.#parts.incarnation;
  }

  /** Tells the job to end; see `Ending`. */
  end(why: Ending): void {
    this.#attempt.end(why);
  }

  /** Does the job once and stores what became of it; never rejects. */
  async run(): Promise<void> {
    const { log, onAttempt, store: { clock } } = this.#parts;
    const beganAtMs = clock.monotonic();
    const end = await this.#attempt.run();
    this.#isOver = true;
    this.#cancelProgress?.();
    await this.#writing;
    if (end.type === "fenced") return;
    const { id, kind } = this.record;
    const tookMs = clock.monotonic() - beganAtMs;
    try {
      const outcome = await this.#store(end);
      onAttempt?.({ kind, outcome, tookMs });
      log.debug("Job has ended for now", { job: id, kind, outcome });
    } catch (error) {
      // Its ownership stays in the store, so whoever looks after this incarnation finds it.
      log.warn("What became of a job could not be stored", {
        job: id,
        kind,
        error,
      });
    }
  }

  /** Stores the next state; the verb of its event, or "lost" when somebody else has the job. */
  async #store(end: AttemptEnd): Promise<string> {
    if (end.type === "done") return await this.#complete(end.outcome);
    return await this.#write(end, null);
  }

  async #complete({ result, effects }: JobOutcome): Promise<string> {
    const { store, incarnation, keepResult } = this.#parts;
    let kept: JobResult | null;
    try {
      kept = result === undefined ? null : await keepResult(result);
    } catch (error) {
      return await this.#write(
        failure("Its result cannot be stored", error),
        null,
      );
    }
    const end: AttemptEnd = { type: "done", outcome: { result, effects } };
    if (effects === undefined) return await this.#write(end, kept);
    const { record, verb } = this.#next(end, kept);
    try {
      if (
        await store.writeWith(effects, this.#loaded, record, verb, incarnation)
      ) return verb;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return await this.#write(
        failure("What it changes is refused", error),
        null,
      );
    }
    const now = await store.load(record.space, record.id);
    // Somebody else has it; what it did does not count.
    if (now?.versionstamp !== this.#loaded.versionstamp) return "lost";
    return await this.#write({
      type: "failed",
      error: "What it was to change has changed meanwhile",
      isFinal: false,
    }, null);
  }

  async #write(end: AttemptEnd, result: JobResult | null): Promise<string> {
    const { store, incarnation } = this.#parts;
    const { record, verb } = this.#next(end, result);
    try {
      await store.write(this.record, record, verb, incarnation);
    } catch (error) {
      if (!(error instanceof TypeError) || result === null) throw error;
      return await this.#write(
        failure("What it came to cannot be stored", error),
        null,
      );
    }
    return verb;
  }

  #next(end: AttemptEnd, result: JobResult | null) {
    const { clock } = this.#parts.store;
    const record = { ...this.record, progress: this.#progress };
    return stateAfter(record, end, result, clock.now());
  }

  #tell(value: number, message: string): void {
    if (this.#isOver) return;
    const risen = Number.isFinite(value)
      ? Math.min(Math.max(value, this.#progress.value), 1)
      : this.#progress.value;
    this.#progress = {
      value: risen,
      message: message.slice(0, MAX_MESSAGE_CHARACTERS),
    };
    const { clock } = this.#parts.store;
    this.#cancelProgress ??= clock.after(PROGRESS_EVERY_MS, () => {
      this.#cancelProgress = null;
      this.#writing = this.#writing.then(() => this.#writeProgress());
    });
  }

  async #writeProgress(): Promise<void> {
    if (this.#isOver) return;
    const { store, incarnation } = this.#parts;
    const record = { ...this.record, progress: this.#progress };
    try {
      const versionstamp = await store.write(
        this.record,
        record,
        "progress",
        incarnation,
      );
      this.#loaded = { record, versionstamp };
    } catch {
      // The job is not ours any more, or the end of it tells more.
    }
  }
}

function failure(what: string, error: unknown): AttemptEnd {
  const why = error instanceof Error ? error.message : String(error);
  return { type: "failed", error: `${what}: ${why}`, isFinal: true };
}
