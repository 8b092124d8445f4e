/** Erases what users had, in the background of whichever process finds the order. */
import type { StopRun } from "@/lib/chat/thread_edits.ts";
import {
  THREAD_UNDO_MS,
  type ThreadEditStore,
} from "@/lib/chat/thread_edit_store.ts";
import type { ThreadPurgeStore } from "@/lib/chat/thread_purge_store.ts";
import type { ThreadStore } from "@/lib/chat/thread_store.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import { programSpace, userSpace } from "@/lib/shared/spaces.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { idTimeBound } from "@/lib/shared/id_time.ts";
import type { Erasure } from "./erasure_record.ts";
import { ErasureContended } from "./erasure_batch_store.ts";
import type { ErasureStore } from "./erasure_store.ts";

/** What was on its way when the rest went has arrived by then. */
const LATE_MS = 60 * 60_000;

/** Rounds of waiting for the ends of answers before the rest is left to the next sweep. */
const ROUNDS = 40;
const ROUND_MS = 250;

export interface ErasuresParts {
  store: ErasureStore;
  threads: Pick<ThreadStore, "loadAny">;
  edits: Pick<ThreadEditStore, "delete">;
  purge: Pick<ThreadPurgeStore, "purge">;
  stopRun: StopRun;
  /**
   * Cancels the jobs of a space that were made before one (null: all).
   * @returns how many of them are still being done
   */
  endJobs: (
    space: string,
    before: string | null,
    signal: AbortSignal,
  ) => Promise<number>;
  /** Removes the kept answers of a workspace: whose questions they were answers to is not kept with them. */
  purgeAnswers: (workspace: string, signal: AbortSignal) => Promise<unknown>;
  /** Ends all keys of a user in a workspace. */
  revokeKeys: (workspace: string, user: string) => Promise<void>;
  /** Sees to it that the account of somebody who has left all workspaces is closed. */
  closeAccount: (user: string) => Promise<void>;
  log: Logger;
}

export class Erasures {
  readonly #parts: ErasuresParts;

  constructor(parts: ErasuresParts) {
    this.#parts = parts;
  }

  /**
   * Goes on with everything that is due. What another process is at is left to it.
   * @param nowMs time to take for now, milliseconds since 1970 UTC
   * @throws the signal's reason when it aborts
   */
  async sweep(
    signal: AbortSignal,
    nowMs = this.#parts.store.now(),
  ): Promise<void> {
    const { store, log } = this.#parts;
    for await (const erasure of store.due(nowMs, signal)) {
      try {
        while (await this.#step(erasure, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ErasureContended) continue;
        const { workspace, user } = erasure;
        log.warn("What a user had could not be erased", {
          workspace,
          user,
          error,
        });
      }
    }
  }

  /** One phase of an erasure; whether the next can follow at once. */
  async #step(erasure: Erasure, signal: AbortSignal): Promise<boolean> {
    const { store, purgeAnswers, revokeKeys, closeAccount } = this.#parts;
    const { workspace, user, record: { kind, phase } } = erasure;
    if (phase === "threads") {
      if (kind !== "data") await revokeKeys(workspace, user);
      if (!await this.#eraseThreads(erasure, signal)) return false;
      await store.enter(erasure, "rows");
      return true;
    }
    if (phase === "rows") {
      await this.#eraseRows(erasure, false, signal);
      await store.enter(erasure, "programs");
      return true;
    }
    if (phase === "programs") {
      if (!await this.#erasePrograms(erasure, signal)) return false;
      await store.removeProgramFiles(erasure, signal);
      await store.removeRequestBodies(erasure, signal);
      if (kind !== "data") await store.removeAlerts(erasure, signal);
      await purgeAnswers(workspace, signal);
      if (kind === "account") await closeAccount(user);
      await store.enter(erasure, "late", store.now() + LATE_MS);
      return false;
    }
    // What is to go of the outbox has been read by everyone by now.
    await this.#eraseRows(erasure, true, signal);
    await this.#erasePrograms(erasure, signal);
    await store.removeProgramFiles(erasure, signal);
    await store.removeRequestBodies(erasure, signal);
    if (kind !== "data") await store.removeAlerts(erasure, signal);
    await store.finish(erasure);
    return false;
  }

  /** Whether all threads are gone: one that still answers stays until its answer has ended. */
  async #eraseThreads(
    erasure: Erasure,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { store } = this.#parts;
    const space = userSpace(erasure.workspace, erasure.user);
    // All are gone for their user before the first row is.
    for await (const id of store.threads(erasure, signal)) {
      await this.#markDeleted(space, id);
    }
    await this.#stopRuns(erasure, space, signal);
    await this.#endJobs(erasure, space, signal);
    return await this.#untilNoneLeft(signal, async () => {
      let left = 0;
      for await (const id of store.threads(erasure, signal)) {
        if (!await this.#purge(space, id, signal)) left += 1;
      }
      return left;
    });
  }

  async #markDeleted(space: string, id: string): Promise<void> {
    const { threads, edits } = this.#parts;
    await retryOnConflict(async () => {
      const loaded = await threads.loadAny(space, id);
      if (loaded === null || (loaded.record.deletedAt ?? null) !== null) {
        return null;
      }
      return await edits.delete(space, loaded) ? null : "conflict";
    });
  }

  /** Whether a thread that is marked as deleted is gone. */
  async #purge(
    space: string,
    thread: string,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { threads, purge, stopRun } = this.#parts;
    const deletedAt = (await threads.loadAny(space, thread))?.record.deletedAt;
    if (!deletedAt) return true;
    const dueAtMs = Date.parse(deletedAt) + THREAD_UNDO_MS;
    const outcome = await purge.purge({ dueAtMs, space, thread }, signal);
    if (outcome.state === "answering") {
      await stopRun(space, outcome.runId).catch(() => {});
    }
    return outcome.state === "purged" || outcome.state === "gone";
  }

  /** Gives the order to stop to whatever answers in the space, in a thread or not. */
  async #stopRuns(
    { record: { beforeMs } }: Erasure,
    space: string,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, stopRun } = this.#parts;
    const bound = beforeMs === null ? null : `run_${idTimeBound(beforeMs)}`;
    for (const run of await store.runsUnderWay(space, signal)) {
      if (bound !== null && run >= bound) continue;
      await stopRun(space, run).catch(() => {});
    }
  }

  /** A job that goes on would store its end where there is to be nothing. */
  async #endJobs(
    { record: { beforeMs } }: Erasure,
    space: string,
    signal: AbortSignal,
  ): Promise<void> {
    const bound = beforeMs === null ? null : `job_${idTimeBound(beforeMs)}`;
    await this.#untilNoneLeft(
      signal,
      () => this.#parts.endJobs(space, bound, signal),
    );
  }

  async #eraseRows(
    erasure: Erasure,
    withEvents: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const { store } = this.#parts;
    // Somebody may have written while it was read, such as the search index.
    for (let round = 0; round < ROUNDS; round += 1) {
      if (await store.removeRows(erasure, withEvents, signal) === 0) return;
    }
  }

  async #erasePrograms(
    erasure: Erasure,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { store, stopRun } = this.#parts;
    const space = programSpace(erasure.workspace);
    return await this.#untilNoneLeft(signal, async () => {
      const { underWay } = await store.removeProgramRuns(erasure, signal);
      for (const run of underWay) await stopRun(space, run).catch(() => {});
      return underWay.length;
    });
  }

  async #untilNoneLeft(
    signal: AbortSignal,
    round: () => Promise<number>,
  ): Promise<boolean> {
    for (let rounds = 0; rounds < ROUNDS; rounds += 1) {
      if (await round() === 0) return true;
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
    }
    return false;
  }
}
