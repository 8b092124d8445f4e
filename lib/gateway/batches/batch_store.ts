/** Rows of batches. The record changes under a check; progress and results travel in the lane. */
import type { Content } from "@/lib/files/file_content.ts";
import type { FileRecord, NewFile } from "@/lib/files/file_record.ts";
import type { Files } from "@/lib/files/files.ts";
import type { JobRecord } from "@/lib/jobs/job_record.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import { type BlobManifest, readBlobText, writeBlob } from "@/lib/kv/blobs.ts";
import type { LaneEntry } from "@/lib/kv/batcher.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { StorageError } from "@/lib/errors.ts";
import {
  type BatchProgress,
  type BatchRecord,
  isBatchOver,
  NO_PROGRESS,
} from "./batch_record.ts";

/** Writes what a process owns. */
export type Writer = Incarnation;

/** Gives the one that counts now. */
export type WriterSource = Pick<Owner, "incarnation">;

export type ResultKind = keys.BatchResultKind;

export interface LoadedBatch {
  record: BatchRecord;
  versionstamp: string;
}

/** What a line has come to: a line of one of the two files. */
interface StoredResult extends Versioned {
  readonly v: 1;
  readonly text: string | { blob: BlobManifest };
}

/** Files that a batch ends with. */
export interface BatchFiles {
  output: Content | null;
  error: Content | null;
}

/** Which batches to list, and from where. */
export interface BatchPlace {
  after: string | null;
  before: string | null;
  limit: number;
}

/** Ended batches are kept so long, in milliseconds. */
const KEPT_MS = 30 * 24 * 60 * 60 * 1_000;
/** A longer result goes to a blob, in UTF-16 code units: they take up to three bytes each. */
const MAX_INLINE_CHARACTERS = 15_000;
/** Results that one read fetches. */
const RESULTS_PER_READ = 50;
/** Rows that one entry of the lane removes. */
const REMOVED_PER_ENTRY = 100;
const CHANGE_ATTEMPTS = 20;

export class BatchStore {
  readonly #store: Store;
  readonly #jobs: JobStore;

  constructor(store: Store, jobs: JobStore) {
    this.#store = store;
    this.#jobs = jobs;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  /**
   * Stores a new batch together with the job that does it.
   * @param more goes with it
   * @returns false: something of this is there already, and nothing was stored
   */
  async create(
    space: string,
    record: BatchRecord,
    job: JobRecord,
    more: UnitOfWork = new UnitOfWork(),
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.batchKey(space, record.id), null, record)
      .add(more);
    this.#tell(unit, space, record, "created");
    this.#jobs.enqueue(unit, job);
    return (await commit(this.#store, unit)).ok;
  }

  async load(space: string, id: string): Promise<LoadedBatch | null> {
    const { value, versionstamp } = await get<BatchRecord>(
      this.#store,
      keys.batchKey(space, id),
    );
    return value === null ? null : { record: value, versionstamp };
  }

  async list(
    space: string,
    { after, before, limit }: BatchPlace,
    signal: AbortSignal,
  ): Promise<BatchRecord[]> {
    const isBackward = before !== null && after === null;
    const rows = list<BatchRecord>(
      this.#store,
      isBackward
        ? keys.batchesAfter(space, before)
        : keys.batchesBefore(space, after),
      { reverse: !isBackward, limit, batchSize: limit, signal },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  async progress(space: string, id: string): Promise<BatchProgress> {
    const key = keys.batchProgressKey(space, id);
    return (await get<BatchProgress>(this.#store, key)).value ?? NO_PROGRESS;
  }

  async progressOf(
    space: string,
    ids: readonly string[],
  ): Promise<BatchProgress[]> {
    const rows = await getMany(
      this.#store,
      ids.map((id) => keys.batchProgressKey(space, id)),
    );
    return rows.map(({ value }) => value as BatchProgress ?? NO_PROGRESS);
  }

  /**
   * Changes a batch, whoever else does meanwhile.
   * @param next null: it stays as it is
   * @param more what goes with it, for each try anew
   * @returns the batch as it is afterwards; null when it is gone
   */
  async change(
    space: string,
    id: string,
    next: (record: BatchRecord) => BatchRecord | null,
    more: (unit: UnitOfWork, after: BatchRecord) => UnitOfWork = (unit) => unit,
  ): Promise<BatchRecord | null> {
    for (let tries = 0; tries < CHANGE_ATTEMPTS; tries += 1) {
      const loaded = await this.load(space, id);
      const after = loaded === null ? null : next(loaded.record);
      if (loaded === null || after === null) return loaded?.record ?? null;
      const key = keys.batchKey(space, id);
      const unit = new UnitOfWork().guard(key, loaded.versionstamp, after, {
        ...(isBatchOver(after) ? { expireInMs: KEPT_MS } : {}),
      });
      if (after.status !== loaded.record.status) {
        this.#tell(unit, space, after, after.status);
      }
      if ((await commit(this.#store, more(unit, after))).ok) return after;
    }
    throw new StorageError("The batch changes all the time.");
  }

  /** Lets another job do a batch whose own was cancelled, in the atomic of the change. */
  enqueue(unit: UnitOfWork, job: JobRecord): UnitOfWork {
    return this.#jobs.enqueue(unit, job);
  }

  /** The batch that a job does; null when it does something else, or is gone. */
  async ofJob(
    space: string,
    job: string,
    kind: string,
  ): Promise<JobRecord | null> {
    const record = (await this.#jobs.load(space, job))?.record;
    return record?.kind === kind ? record : null;
  }

  /** Writes what a line has come to, and how far the batch is with it. */
  async writeResult(
    incarnation: Incarnation,
    { space, id }: { space: string; id: string },
    { kind, line, text }: { kind: ResultKind; line: number; text: string },
    progress: () => BatchProgress,
  ): Promise<void> {
    const deletes: Deno.KvKey[] = [];
    let stored: StoredResult["text"] = text;
    if (text.length > MAX_INLINE_CHARACTERS) {
      const blob = await writeBlob(this.#store, text, {
        owner: incarnation.id,
      });
      deletes.push(keys.openBlobKey(blob.blob));
      stored = { blob };
    }
    const value: StoredResult = { v: 1, text: stored };
    await incarnation.lane.write({
      sets: [
        { key: keys.batchResultKey(space, id, kind, line), value },
        { key: keys.batchProgressKey(space, id), value: progress() },
      ],
      deletes,
      urgency: "soon",
    });
  }

  /** Lines from one on that have come to something. */
  async finishedFrom(
    space: string,
    id: string,
    line: number,
  ): Promise<Set<number>> {
    const found = new Set<number>();
    for (const kind of ["output", "error"] as const) {
      const selector = keys.batchResults(space, id, kind, line);
      const rows = list(this.#store, selector, { batchSize: RESULTS_PER_READ });
      for await (const { key } of rows) {
        found.add(keys.parseBatchResultKey(key));
      }
    }
    return found;
  }

  /** Results of one kind, by line. */
  async *results(
    space: string,
    id: string,
    kind: ResultKind,
    signal: AbortSignal,
  ): AsyncGenerator<{ line: number; text: string }, void, void> {
    const rows = list<StoredResult>(
      this.#store,
      keys.batchResults(space, id, kind),
      { batchSize: RESULTS_PER_READ, signal },
    );
    for await (const { key, value: { text } } of rows) {
      const line = keys.parseBatchResultKey(key);
      if (typeof text === "string") yield { line, text };
      else {
        const whole = await readBlobText(this.#store, text.blob, { signal });
        if (whole === null) throw new StorageError("A result is damaged.");
        yield { line, text: whole };
      }
    }
  }

  /** Ends a batch with its files, all in one atomic. */
  async finish(
    incarnation: Incarnation,
    space: string,
    id: string,
    { files, contents, about, next }: {
      files: Files;
      contents: BatchFiles;
      about: (kind: ResultKind) => NewFile;
      next: (
        record: BatchRecord,
        made: Record<ResultKind, FileRecord | null>,
      ) => BatchRecord;
    },
  ): Promise<BatchRecord | null> {
    const loaded = await this.load(space, id);
    if (loaded === null) return null;
    const unit = incarnation.checkFence(new UnitOfWork());
    const add = (kind: ResultKind) => {
      const content = contents[kind];
      return content === null
        ? null
        : files.add(unit, space, about(kind), content);
    };
    const made = { output: add("output"), error: add("error") };
    const after = next(loaded.record, made);
    unit.guard(keys.batchKey(space, id), loaded.versionstamp, after, {
      expireInMs: KEPT_MS,
    });
    unit.delete(keys.batchProgressKey(space, id));
    this.#tell(unit, space, after, after.status);
    return (await commit(this.#store, unit)).ok ? after : null;
  }

  /** Removes results once they are in files. */
  async removeResults(
    incarnation: Incarnation,
    space: string,
    id: string,
    signal: AbortSignal,
  ): Promise<void> {
    let entry: Required<Pick<LaneEntry, "sets" | "deletes">> = {
      sets: [],
      deletes: [],
    };
    const flush = async () => {
      if (entry.deletes.length === 0) return;
      await incarnation.lane.write({ ...entry, urgency: "soon" });
      entry = { sets: [], deletes: [] };
    };
    for (const kind of ["output", "error"] as const) {
      const rows = list<StoredResult>(
        this.#store,
        keys.batchResults(space, id, kind),
        { batchSize: RESULTS_PER_READ, signal },
      );
      for await (const { key, value: { text } } of rows) {
        entry.deletes.push(key);
        if (typeof text !== "string") {
          // Its parts go with the next sweep of what nothing names any more.
          entry.sets.push({
            key: keys.openBlobKey(text.blob.blob),
            value: { v: 1, owner: null, isDeleted: true },
          });
        }
        if (entry.deletes.length === REMOVED_PER_ENTRY) await flush();
      }
    }
    await flush();
  }

  #tell(
    unit: UnitOfWork,
    space: string,
    { id, status, askedBy }: BatchRecord,
    verb: string,
  ): void {
    unit.event(space, {
      type: `batch.${verb}`,
      at: this.clock.now(),
      subject: id,
      data: { batchId: id, status, user: askedBy.user },
    });
  }
}
