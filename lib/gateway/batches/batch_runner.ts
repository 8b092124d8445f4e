/** Does batches, from looking through the input to the files of results, and goes on wherever one stands. */
import type { StoredCallers } from "@/lib/auth/stored_callers.ts";
import { sleep } from "@/lib/clock.ts";
import type { Files } from "@/lib/files/files.ts";
import { makeFiles } from "./batch_files.ts";
import { readLines } from "./batch_lines.ts";
import {
  type BatchFault,
  type BatchProgress,
  type BatchRecord,
  isBatchOver,
  NO_PROGRESS,
} from "./batch_record.ts";
import { MAX_LINE_BYTES } from "./batch_request.ts";
import type { BatchStore, Writer, WriterSource } from "./batch_store.ts";
import { validateInput } from "./batch_validation.ts";
import { BatchWork } from "./batch_work.ts";
import type { LineCalls } from "./line_calls.ts";
import { LinePlaces } from "./line_places.ts";

export interface BatchRunnerParts {
  store: BatchStore;
  files: Files;
  calls: LineCalls;
  callers: StoredCallers;
  owner: WriterSource;
  /** The process has too much to do: it begins nothing that can wait. */
  isPressed: () => boolean;
}

/** A batch, and who wants to know how far it is. */
export interface BatchRun {
  space: string;
  id: string;
  /** Ends it here: somebody else goes on, or nobody. */
  signal: AbortSignal;
  /** @param value from 0 to 1 */
  progress: (value: number, message: string) => void;
}

/** Lines that a process asks at a time, all batches together: chats come first. */
const LINES_PER_PROCESS = 8;
/** How often it is looked whether somebody has cancelled a batch. */
const LOOK_EVERY_MS = 500;
/** How long what is being asked may go on when a batch is cancelled. */
const GRACE_MS = 30_000;

const INPUT_GONE: BatchFault = {
  code: "input_file_deleted",
  message: "The input file was deleted before the batch was done.",
  param: "input_file_id",
  line: null,
};

export class BatchRunner {
  readonly #parts: BatchRunnerParts;
  readonly #places = new LinePlaces(LINES_PER_PROCESS);

  constructor(parts: BatchRunnerParts) {
    this.#parts = parts;
  }

  /**
   * Does a batch to its end.
   * @returns it as it is then; null: it is gone
   * @throws when the store fails, or the signal aborts
   */
  async run(run: BatchRun): Promise<BatchRecord | null> {
    const { store, owner } = this.#parts;
    const { space, id, signal } = run;
    // What another one has claimed, this one writes nothing of.
    const { incarnation } = owner;
    for (;;) {
      signal.throwIfAborted();
      const record = (await store.load(space, id))?.record;
      if (record === undefined) {
        // It went with the data of who asked.
        await store.removeResults(incarnation, space, id, signal);
        return null;
      }
      if (isBatchOver(record)) {
        await store.removeResults(incarnation, space, id, signal);
        return record;
      }
      if (record.ending !== null) {
        await makeFiles({ ...this.#parts, incarnation, space, record, signal });
      } else if (record.status === "cancelling") {
        await this.#end(run, "cancelled");
      } else if (record.status === "validating") {
        await this.#validate(run, record);
      } else await this.#answer(run, record, incarnation);
    }
  }

  async #validate(run: BatchRun, record: BatchRecord): Promise<void> {
    const { store, files } = this.#parts;
    const { space, id, signal } = run;
    const file = await files.find(space, record.inputFileId);
    if (file === null) return await this.#refuse(run, [INPUT_GONE]);
    run.progress(0, "Looking through the input");
    const bytes = files.read(space, record.inputFileId);
    const lines = readLines(bytes, { line: 0, offset: 0 }, MAX_LINE_BYTES);
    const { total, model, faults } = await validateInput(
      lines,
      record.endpoint,
      () => signal.throwIfAborted(),
    );
    if (faults.length > 0) return await this.#refuse(run, faults);
    await store.change(
      space,
      id,
      (now) =>
        now.status !== "validating" ? null : {
          ...now,
          status: "in_progress",
          inProgressAtMs: store.clock.now(),
          total,
          model,
        },
    );
  }

  async #refuse(run: BatchRun, faults: BatchFault[]): Promise<void> {
    const { store } = this.#parts;
    await store.change(
      run.space,
      run.id,
      (now) =>
        now.status !== "validating" ? null : {
          ...now,
          status: "failed",
          faults,
          counts: NO_PROGRESS,
          endedAtMs: store.clock.now(),
        },
    );
  }

  async #answer(
    run: BatchRun,
    record: BatchRecord,
    incarnation: Writer,
  ): Promise<void> {
    const { store, files } = this.#parts;
    const { space, id } = run;
    const progress = await store.progress(space, id);
    const finished = await store.finishedFrom(space, id, progress.line + 1);
    const tell = ({ completed, failed }: BatchProgress) => {
      const done = completed + failed;
      run.progress(done / record.total, `${done} of ${record.total} requests`);
    };
    tell(progress);
    const { offset: from } = progress;
    const work = new BatchWork({
      ...this.#parts,
      space,
      record,
      lines: readLines(
        files.read(space, record.inputFileId, { from }),
        progress,
        MAX_LINE_BYTES,
      ),
      progress,
      finished,
      incarnation,
      places: this.#places,
      onProgress: tell,
    });
    const watch = this.#watch(run, work);
    try {
      await work.run();
    } catch (error) {
      run.signal.throwIfAborted();
      if (await files.find(space, record.inputFileId) !== null) throw error;
      return await this.#end(run, "failed", [INPUT_GONE]);
    } finally {
      watch.end();
    }
    run.signal.throwIfAborted();
    await this.#end(run, watch.isExpired ? "expired" : "completed");
  }

  /** Ends the work when somebody cancels the batch, when its time is over, and with the job. */
  #watch(run: BatchRun, work: BatchWork) {
    const { store } = this.#parts;
    const { clock } = store;
    const { signal } = run;
    const over = new AbortController();
    const watch = { isExpired: false, end: () => over.abort() };
    const cut = () => work.stop(true);
    signal.addEventListener("abort", cut, { once: true });
    let cancelCut = () => {};
    watch.end = () => {
      over.abort();
      signal.removeEventListener("abort", cut);
      cancelCut();
    };
    const look = async () => {
      while (!over.signal.aborted) {
        await sleep(clock, LOOK_EVERY_MS, over.signal);
        if (over.signal.aborted) return;
        // A store that is silent for a moment changes nothing.
        const now = await store.load(run.space, run.id).catch(() => undefined);
        if (now === undefined) continue;
        if (now !== null && now.record.expiresAtMs <= clock.now()) {
          watch.isExpired = true;
          return cut();
        }
        if (now?.record.status === "in_progress") continue;
        work.stop(now === null);
        cancelCut = clock.after(GRACE_MS, cut);
        return;
      }
    };
    void look();
    return watch;
  }

  /** Notes what the batch will be; one that somebody has cancelled will be cancelled. */
  async #end(
    { space, id }: BatchRun,
    ending: "completed" | "expired" | "failed" | "cancelled",
    faults: BatchFault[] = [],
  ): Promise<void> {
    const { store } = this.#parts;
    await store.change(space, id, (now) => {
      if (now.ending !== null || isBatchOver(now)) return null;
      if (now.status === "cancelling") return { ...now, ending: "cancelled" };
      return {
        ...now,
        status: "finalizing",
        ending,
        faults,
        finalizingAtMs: store.clock.now(),
      };
    });
  }
}
