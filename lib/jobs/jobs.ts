/** Jobs as the rest of the program asks for them: enqueue, look, cancel, try again. */
import { sleep } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import { readBlob, writeBlob } from "@/lib/kv/blobs.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { measureValue } from "@/lib/kv/sizes.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { Job } from "@/lib/shared/wire.ts";
import { stateAfter, stateForRetry } from "./job_ends.ts";
import type { JobKinds } from "./job_kind.ts";
import {
  isOver,
  type JobAsker,
  type JobPriority,
  type JobRecord,
  type JobResult,
  type JobStatus,
  toJob,
} from "./job_record.ts";
import type { JobStore, LoadedJob } from "./job_store.ts";

/** What is to be done. */
export interface NewJob {
  kind: string;
  /** JSON; references, never secrets. */
  input: unknown;
  /** Not before then, milliseconds since 1970 UTC; without it at once. */
  runAt?: number;
  /** While a job of this kind with the same key is not over, no other is made. */
  dedupKey?: string | null;
  priority?: JobPriority;
  /** What caused it, for people who look for what belongs together. */
  correlationId?: string | null;
  /** Who asked for it, where what they may do counts when it is done. */
  askedBy?: JobAsker;
}

export interface JobsParts {
  store: Store;
  jobs: JobStore;
  kinds: JobKinds;
  owner: Owner;
  /** Ends a job that this process does. False: it does not. */
  cancelHere: (job: string) => boolean;
}

/** Longest title, in UTF-16 code units. */
const MAX_TITLE_CHARACTERS = 120;
/** Largest input, in bytes as the store has it. */
const MAX_INPUT_BYTES = 24 * 1024;
/** A larger result is put into a blob. */
const MAX_INLINE_BYTES = 16 * 1024;
/** Tries to change a job that changes by itself meanwhile. */
const CHANGE_ATTEMPTS = 20;
/** How long a cancel waits for the job's end, in milliseconds. */
const CANCEL_WAIT_MS = 4_000;
const LOOK_MS = 50;

export class Jobs {
  readonly #parts: JobsParts;

  constructor(parts: JobsParts) {
    this.#parts = parts;
  }

  /**
   * The record of a new job, checked against its kind, for `JobStore.enqueue`.
   * @throws {AppError} 400 `unknown_job_kind`, `invalid_request`; 413 `job_input_too_large`
   */
  prepare(space: string, wanted: NewJob): JobRecord {
    const { kinds, jobs } = this.#parts;
    const kind = kinds.get(wanted.kind);
    if (kind === null) {
      throw new AppError({
        status: 400,
        code: "unknown_job_kind",
        message: `There is no kind of job "${wanted.kind}".`,
      });
    }
    const input = kind.input.safeParse(wanted.input);
    if (!input.success) {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "The job's input is not one of its kind.",
        errors: input.error.issues.map(({ path, message }) => ({
          path: ["input", ...path].join("."),
          message,
        })),
      });
    }
    const bytes = measureValue(wanted.input);
    if (bytes > MAX_INPUT_BYTES) {
      throw new AppError({
        status: 413,
        code: "job_input_too_large",
        message: `The job's input may have ${MAX_INPUT_BYTES} bytes at most.`,
      });
    }
    const nowMs = jobs.clock.now();
    return {
      v: 1,
      id: newId("job"),
      kind: kind.kind,
      title: kind.describe(input.data).slice(0, MAX_TITLE_CHARACTERS),
      space,
      status: "queued",
      priority: wanted.priority ?? kind.priority,
      input: wanted.input,
      attempt: 0,
      maxAttempts: kind.maxAttempts,
      progress: { value: 0, message: "" },
      result: null,
      error: null,
      attempts: [],
      runAt: Math.max(wanted.runAt ?? nowMs, nowMs),
      correlationId: wanted.correlationId ?? null,
      ...(wanted.askedBy === undefined ? {} : { askedBy: wanted.askedBy }),
      dedupKey: wanted.dedupKey ?? null,
      owner: null,
      restartGroup: null,
      handovers: 0,
      createdAt: new Date(nowMs).toISOString(),
      startedAt: null,
      finishedAt: null,
    };
  }

  /** Makes a job, or finds the one that is not over and has the same key. */
  async enqueue(
    space: string,
    wanted: NewJob,
  ): Promise<{ job: Job; isNew: boolean }> {
    const { store, jobs } = this.#parts;
    for (let tries = 0; tries < CHANGE_ATTEMPTS; tries += 1) {
      if (wanted.dedupKey) {
        const there = await jobs.findDuplicate(
          space,
          wanted.kind,
          wanted.dedupKey,
        );
        if (there !== null && !isOver(there.record)) {
          return { job: await this.#show(there.record), isNew: false };
        }
      }
      const record = this.prepare(space, wanted);
      const unit = jobs.enqueue(new UnitOfWork(), record);
      if ((await commit(store, unit)).ok) {
        return { job: await this.#show(record), isNew: true };
      }
    }
    throw changing();
  }

  /** @throws {AppError} 404 `not_found` */
  async get(space: string, id: string): Promise<Job> {
    return await this.#show((await this.#load(space, id)).record);
  }

  /** Newest first; without a status all of them. */
  async list(
    space: string,
    { status, kind, before, limit }: {
      status: JobStatus | null;
      kind: string | null;
      before: string | null;
      limit: number;
    },
    signal?: AbortSignal,
  ): Promise<Job[]> {
    const { jobs } = this.#parts;
    const statuses: JobStatus[] = status === null
      ? ["queued", "running", "completed", "dead", "cancelled"]
      : [status];
    const found = await Promise.all(
      statuses.map((each) =>
        jobs.list(space, { status: each, kind, before, limit }, signal)
      ),
    );
    const newest = found.flat()
      .sort((left, right) => left.id < right.id ? 1 : -1)
      .slice(0, limit);
    // A list tells of results where they are short.
    return newest.map((record) => toJob(record, inlineOf(record.result)));
  }

  /**
   * Cancels a job, in whatever process it is done, and resolves when it has ended; one that is over stays
   * as it is.
   * @throws {AppError} 404 `not_found`
   */
  async cancel(space: string, id: string): Promise<Job> {
    const { jobs, cancelHere } = this.#parts;
    const giveUpAt = jobs.clock.monotonic() + CANCEL_WAIT_MS;
    let isAsked = false;
    while (true) {
      const loaded = await this.#load(space, id);
      const { record } = loaded;
      if (isOver(record)) return await this.#show(record);
      if (record.status === "queued") {
        const nowMs = jobs.clock.now();
        const { record: next, verb } = stateAfter(
          record,
          { type: "cancelled" },
          null,
          nowMs,
        );
        const after = { ...next, attempts: record.attempts };
        if (await jobs.change(loaded, after, verb)) {
          return await this.#show(after);
        }
        continue;
      }
      if (!cancelHere(id) && !isAsked) {
        isAsked = await jobs.requestEnd(loaded, "cancelled");
      }
      if (jobs.clock.monotonic() > giveUpAt) return await this.#show(record);
      await sleep(jobs.clock, LOOK_MS);
    }
  }

  /**
   * Begins a job again that is over, or begins one now that waits for its next attempt.
   * @throws {AppError} 404 `not_found`, 409 `job_running`, 409 `job_repeated` when another with its key goes
   *   on already
   */
  async retry(space: string, id: string): Promise<Job> {
    const { jobs } = this.#parts;
    for (let tries = 0; tries < CHANGE_ATTEMPTS; tries += 1) {
      const loaded = await this.#load(space, id);
      const { record } = loaded;
      if (record.status === "running") {
        throw new AppError({
          status: 409,
          code: "job_running",
          message: "The job is being done. Cancel it first.",
        });
      }
      const { record: next, verb } = stateForRetry(record, jobs.clock.now());
      const begun = await jobs.begin(loaded, next, verb);
      if (begun === "begun") return await this.#show(next);
      if (begun === "repeated") {
        throw new AppError({
          status: 409,
          code: "job_repeated",
          message: "Another job with the same key is waiting or being done.",
        });
      }
    }
    throw changing();
  }

  /** Puts a result into a job's record, or into a blob where it is large. @throws {TypeError} not JSON */
  async keepResult(result: unknown): Promise<JobResult> {
    const text = JSON.stringify(result);
    if (text === undefined) throw new TypeError("A result is JSON");
    const inline: unknown = JSON.parse(text);
    if (
      text.length <= MAX_INLINE_BYTES &&
      measureValue(inline) <= MAX_INLINE_BYTES
    ) return { inline };
    const { store, owner } = this.#parts;
    return {
      blob: await writeBlob(store, text, { owner: owner.incarnation.id }),
    };
  }

  async #show(record: JobRecord): Promise<Job> {
    const { result } = record;
    if (result === null || "inline" in result) {
      return toJob(record, inlineOf(result));
    }
    const bytes = await readBlob(this.#parts.store, result.blob);
    const text = bytes === null ? "null" : new TextDecoder().decode(bytes);
    return toJob(record, JSON.parse(text));
  }

  async #load(space: string, id: string): Promise<LoadedJob> {
    const loaded = await this.#parts.jobs.load(space, id);
    if (loaded !== null) return loaded;
    throw new AppError({
      status: 404,
      code: "not_found",
      message: "There is no such job.",
    });
  }
}

function inlineOf(result: JobResult | null): unknown {
  return result !== null && "inline" in result ? result.inline : null;
}

function changing(): AppError {
  return new AppError({
    status: 409,
    code: "conflict",
    message: "The job changed meanwhile.",
    retryable: true,
  });
}
