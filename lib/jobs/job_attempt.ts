/** One attempt at a job, in the process that has claimed it. */
import type { Clock } from "@/lib/clock.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import type { Logger } from "@/lib/observe/log.ts";
import {
  JobDelay,
  type JobKind,
  type JobOutcome,
  JobRefusal,
} from "./job_kind.ts";
import type { JobRecord } from "./job_record.ts";

/** Why the handler was told to end. */
export type Ending = "cancelled" | "deadline" | "fenced" | "handover";

/** How an attempt ended. */
export type AttemptEnd =
  | { type: "done"; outcome: JobOutcome }
  | { type: "failed"; error: string; isFinal: boolean; afterMs?: number }
  /** It is to be begun anew after a while. */
  | { type: "delayed"; afterMs: number }
  | { type: Ending };

/** A handler that does not end when it is told to is left behind after so long, in milliseconds. */
const GRACE_MS = 2_000;

/** Longest error that is kept of an attempt, in UTF-16 code units. */
const MAX_ERROR_CHARACTERS = 2_000;

export interface AttemptParts {
  kind: JobKind;
  record: JobRecord;
  incarnation: Incarnation;
  clock: Clock;
  log: Logger;
  /** Told of progress, as it comes. */
  onProgress: (value: number, message: string) => void;
}

export class JobAttempt {
  readonly #parts: AttemptParts;
  readonly #abort = new AbortController();
  readonly #ended = Promise.withResolvers<Ending>();

  constructor(parts: AttemptParts) {
    this.#parts = parts;
  }

  get record(): JobRecord {
    return this.#parts.record;
  }

  get incarnation(): Incarnation {
    return this.#parts.incarnation;
  }

  /** Tells the handler to end; only the first reason counts. */
  end(why: Ending): void {
    this.#ended.resolve(why);
    this.#abort.abort(new DOMException(`The job ends: ${why}`, "AbortError"));
  }

  /** Does the job once; never rejects. */
  async run(): Promise<AttemptEnd> {
    const { kind, record, clock, log, onProgress } = this.#parts;
    if (this.#abort.signal.aborted) return { type: await this.#ended.promise };
    const cancelDeadline = clock.after(
      kind.deadlineMs,
      () => this.end("deadline"),
    );
    const input = kind.input.safeParse(record.input);
    if (!input.success) {
      cancelDeadline();
      const [{ path, message }] = input.error.issues;
      const error = `Its input cannot be used: ${path.join(".")} ${message}`;
      return { type: "failed", error, isFinal: true };
    }
    const handled = this.#handle(() =>
      kind.handle({
        id: record.id,
        space: record.space,
        attempt: record.attempt,
        input: input.data,
        askedBy: record.askedBy ?? null,
        signal: this.#abort.signal,
        log: log.with({ job: record.id, kind: record.kind }),
        progress: (value, message = "") => onProgress(value, message),
      })
    );
    try {
      const first = await Promise.race([handled, this.#ended.promise]);
      if (typeof first !== "string") return first;
      // What it has done meanwhile counts, if it ends in time with it.
      const end = await Promise.race([handled, this.#grace()]);
      return end !== null && end.type === "done" && first !== "fenced"
        ? end
        : { type: first };
    } finally {
      cancelDeadline();
    }
  }

  async #handle(work: () => Promise<JobOutcome>): Promise<AttemptEnd> {
    try {
      return { type: "done", outcome: await work() };
    } catch (error) {
      const text = error instanceof Error ? error.message : String(error);
      if (error instanceof JobDelay && !error.isCharged) {
        return { type: "delayed", afterMs: error.afterMs };
      }
      return {
        type: "failed",
        ...(error instanceof JobDelay ? { afterMs: error.afterMs } : {}),
        error: text.slice(0, MAX_ERROR_CHARACTERS),
        isFinal: error instanceof JobRefusal,
      };
    }
  }

  #grace(): Promise<null> {
    return new Promise((resolve) => {
      this.#parts.clock.after(GRACE_MS, () => resolve(null));
    });
  }
}
