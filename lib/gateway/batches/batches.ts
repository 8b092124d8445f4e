/** `/v1/batches`: batches as programs ask for them. */
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import type { Caller } from "@/lib/auth/caller.ts";
import type { IdempotencyStore } from "@/lib/chat/idempotency_store.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { AppError } from "@/lib/errors.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { Jobs } from "@/lib/jobs/jobs.ts";
import { newIdText } from "@/lib/shared/ids.ts";
import { userSpace } from "@/lib/shared/spaces.ts";
import { type ObjectPage, objectPage } from "../object_page.ts";
import { refused } from "../responses/input.ts";
import type { BatchListQuery, NewBatch } from "./batch_input.ts";
import { type BatchObject, toBatchObject } from "./batch_object.ts";
import { type BatchRecord, isBatchOver, NO_PROGRESS } from "./batch_record.ts";
import type { BatchStore } from "./batch_store.ts";

/** Kind of the jobs that do batches. */
export const BATCH_JOB = "batch.run";

const WINDOW_MS = 24 * 60 * 60 * 1_000;

export interface BatchesParts {
  store: BatchStore;
  files: Files;
  jobs: Pick<Jobs, "prepare">;
  requests: IdempotencyStore;
}

export class Batches {
  readonly #parts: BatchesParts;

  constructor(parts: BatchesParts) {
    this.#parts = parts;
  }

  /**
   * Makes a batch; its input is looked through later.
   * @param idempotencyKey a repetition with it gives the batch that is there
   * @throws {AppError} 400 `invalid_request` for an input file that is none; 422 `idempotency_key_reused`
   */
  async create(
    space: string,
    caller: Caller,
    input: NewBatch,
    idempotencyKey: string | null = null,
  ): Promise<BatchObject> {
    const { requests, store } = this.#parts;
    const request = idempotencyKey === null
      ? null
      : { scope: "batches", key: idempotencyKey, body: input };
    return await retryOnConflict(async () => {
      const claim = await requests.claim(space, request);
      if (claim.state === "made") return await this.get(space, claim.id);
      const { record, job } = await this.#prepare(space, caller, input);
      const receipt = claim.receipt(record.id);
      if (!await store.create(space, record, job, receipt)) return "conflict";
      return toBatchObject(record, NO_PROGRESS);
    });
  }

  async #prepare(
    space: string,
    caller: Caller,
    input: NewBatch,
  ): Promise<{ record: BatchRecord; job: JobRecord }> {
    const { store, files } = this.#parts;
    const file = await files.find(space, input.input_file_id);
    if (file === null) throw refused("input_file_id", "there is no such file");
    if (file.purpose !== "batch") {
      throw refused("input_file_id", "the file's purpose must be batch");
    }
    const id = `batch_${newIdText()}`;
    const job = this.#job(caller, { space, batch: id, name: file.name });
    const nowMs = store.clock.now();
    const record: BatchRecord = {
      v: 1,
      id,
      endpoint: input.endpoint,
      inputFileId: file.id,
      metadata: input.metadata ?? null,
      outputSeconds: input.output_expires_after?.seconds ?? null,
      askedBy: storedCaller(caller),
      jobId: job.id,
      status: "validating",
      ending: null,
      total: 0,
      model: null,
      faults: [],
      counts: null,
      outputFileId: null,
      errorFileId: null,
      createdAtMs: nowMs,
      expiresAtMs: nowMs + WINDOW_MS,
      inProgressAtMs: null,
      finalizingAtMs: null,
      cancellingAtMs: null,
      endedAtMs: null,
    };
    return { record, job };
  }

  /** @throws {AppError} 404 `not_found` */
  async get(space: string, id: string): Promise<BatchObject> {
    const { store } = this.#parts;
    // The progress goes with the end, so it is read first.
    const progress = await store.progress(space, id);
    const loaded = await store.load(space, id);
    if (loaded === null) throw notFound("batch");
    return toBatchObject(loaded.record, loaded.record.counts ?? progress);
  }

  /** Newest first. */
  async list(
    space: string,
    { after = null, before = null, limit }:
      & {
        [Name in keyof BatchListQuery]: BatchListQuery[Name] | null;
      }
      & { limit: number },
    signal: AbortSignal,
  ): Promise<ObjectPage<BatchObject>> {
    const { store } = this.#parts;
    const place = { after, before, limit: limit + 1 };
    const found = await store.list(space, place, signal);
    const progress = await store.progressOf(space, found.map(({ id }) => id));
    const objects = found.map((record, place) =>
      toBatchObject(record, record.counts ?? progress[place])
    );
    const isBackward = before !== null && after === null;
    return objectPage(objects, limit, isBackward);
  }

  /**
   * Cancels a batch: what has been answered is kept.
   * @throws {AppError} 404 `not_found`; 409 `batch_not_cancellable` for one that is being finished or over
   */
  async cancel(space: string, id: string): Promise<BatchObject> {
    const { store } = this.#parts;
    const record = await store.change(
      space,
      id,
      (now) =>
        now.status !== "validating" && now.status !== "in_progress" ? null : {
          ...now,
          status: "cancelling",
          cancellingAtMs: store.clock.now(),
        },
    );
    if (record === null) throw notFound("batch");
    if (record.status === "cancelling" || record.status === "cancelled") {
      return await this.get(space, id);
    }
    throw new AppError({
      status: 409,
      code: "batch_not_cancellable",
      message: `A batch that is ${record.status} cannot be cancelled.`,
    });
  }

  /**
   * The job of a batch has ended before the batch did: somebody cancelled the job, or no attempt was left.
   * Safe as often as one likes.
   */
  async jobEnded(
    jobSpace: string,
    jobId: string,
    how: "cancelled" | "dead",
  ): Promise<void> {
    const { store } = this.#parts;
    const job = await store.ofJob(jobSpace, jobId, BATCH_JOB);
    if (job === null) return;
    const input = job.input as BatchJobInput;
    const { space, batch } = input;
    const nowMs = store.clock.now();
    if (how === "dead") {
      const progress = await store.progress(space, batch);
      await store.change(
        space,
        batch,
        (now) =>
          now.jobId !== jobId || isBatchOver(now) ? null : {
            ...now,
            status: "failed",
            endedAtMs: nowMs,
            counts: progress,
            faults: [{
              code: "batch_failed",
              message: "The batch failed too often and was given up.",
              param: null,
              line: null,
            }],
          },
      );
      return;
    }
    // What has been answered still has to be put into files.
    const next = this.#parts.jobs.prepare(jobSpace, {
      kind: BATCH_JOB,
      input,
    });
    await store.change(
      space,
      batch,
      (now) =>
        now.jobId !== jobId || isBatchOver(now) ? null : {
          ...now,
          jobId: next.id,
          ...(now.status === "finalizing" ? {} : {
            status: "cancelling",
            cancellingAtMs: now.cancellingAtMs ?? nowMs,
          }),
        },
      (unit) => store.enqueue(unit, next),
    );
  }

  #job({ workspace, user }: Caller, input: BatchJobInput) {
    const space = userSpace(workspace, user);
    return this.#parts.jobs.prepare(space, { kind: BATCH_JOB, input });
  }
}

/** What the job of a batch is told. */
export interface BatchJobInput {
  /** Where the batch is. */
  space: string;
  batch: string;
  /** Of the input file. */
  name: string;
}
