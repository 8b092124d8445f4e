/** What people change about threads: their fields, whether they are there, whether they were seen. */
import type { Thread } from "@/lib/shared/wire.ts";
import { findModel, type ModelResolver } from "./choose_model.ts";
import type { AcceptVersion } from "./projects.ts";
import { headOf, type ThreadRecord } from "./records.ts";
import { notFound } from "./refusals.ts";
import { retryOnConflict } from "./retry_on_conflict.ts";
import { refKey, type TagPlan } from "./tag_store.ts";
import type { ThreadEditStore } from "./thread_edit_store.ts";
import type { ThreadPatch } from "./thread_input.ts";
import { showThreads, type ThreadTargets } from "./thread_show.ts";
import type { LoadedThread, ThreadStore } from "./thread_store.ts";
import { MessageTree } from "./tree.ts";

/** Stops a run, whoever executes it; resolves when the order is given or the run has ended. */
export type StopRun = (space: string, runId: string) => Promise<unknown>;

/** What edits of threads need. */
export interface ThreadEditParts extends ThreadTargets {
  threads: ThreadStore;
  edits: ThreadEditStore;
  models: ModelResolver;
  stopRun: StopRun;
}

export class ThreadEdits {
  readonly #parts: ThreadEditParts;

  constructor(parts: ThreadEditParts) {
    this.#parts = parts;
  }

  /**
   * Changes what the patch names. A patch that changes nothing, or only which branch is on view, makes
   * no new version. Tags that are missing are made in the same atomic.
   * @throws {AppError} 404 `not_found` (thread, project, or a message that is not of this thread) or
   * `model_not_found`; what `accept` throws
   */
  async update(
    space: string,
    threadId: string,
    patch: ThreadPatch,
    accept: AcceptVersion,
  ): Promise<Thread> {
    const { edits, tags } = this.#parts;
    return await retryOnConflict(async () => {
      const loaded = await this.#require(space, threadId);
      accept(loaded.record.version);
      await this.#requireTargets(space, loaded.record, patch);
      const plan = patch.tags && await tags.plan(space, patch.tags);
      const head = patch.headMessageId &&
        await this.#branchThrough(space, loaded, patch.headMessageId);
      const { record, fields } = edited(loaded, patch, plan, head);
      if (fields.length === 0) return await this.#show(space, loaded);
      const ok = await edits.replace(
        space,
        loaded,
        record,
        fields,
        plan?.unit,
      );
      if (!ok) return "conflict";
      return await this.#show(space, { ...loaded, record });
    });
  }

  /**
   * Deletes a thread: it is gone at once for everyone, and its running answer is stopped. For
   * `THREAD_UNDO_MS` that can be undone.
   * @throws {AppError} 404 `not_found`; what `accept` throws
   */
  async delete(
    space: string,
    threadId: string,
    accept: AcceptVersion,
  ): Promise<void> {
    const { edits, stopRun } = this.#parts;
    const runId = await retryOnConflict(async () => {
      const loaded = await this.#require(space, threadId);
      accept(loaded.record.version);
      const ok = await edits.delete(space, loaded);
      return ok ? loaded.activity.activeRunId : "conflict";
    });
    if (runId === null) return;
    // The thread is deleted whatever becomes of this; the purge stops the run again.
    await stopRun(space, runId).catch(() => {});
  }

  /**
   * Undoes a deletion of the last `THREAD_UNDO_MS`. A thread that is there is left as it is.
   * @throws {AppError} 404 `not_found`, also when it is too late
   */
  async restore(space: string, threadId: string): Promise<Thread> {
    return await retryOnConflict(async () => {
      const restored = await this.#parts.edits.restore(space, threadId);
      if (restored === null) throw notFound("thread");
      return restored === "conflict"
        ? restored
        : await this.#show(space, restored);
    });
  }

  /**
   * Notes that the newest answer was seen. No new version.
   * @throws {AppError} 404 `not_found`
   */
  async markRead(space: string, threadId: string): Promise<void> {
    await retryOnConflict(async () => {
      const loaded = await this.#require(space, threadId);
      if (loaded.activity.unread !== true) return null;
      return await this.#parts.edits.markRead(space, loaded)
        ? null
        : "conflict";
    });
  }

  async #require(space: string, threadId: string): Promise<LoadedThread> {
    const loaded = await this.#parts.threads.loadThread(space, threadId);
    if (loaded === null) throw notFound("thread");
    return loaded;
  }

  /** What the thread points to already is not looked for again: it may have gone meanwhile. */
  async #requireTargets(
    space: string,
    record: ThreadRecord,
    { model, projectId }: ThreadPatch,
  ): Promise<void> {
    const { models, projects } = this.#parts;
    if (model && model !== record.model) await findModel(models, model);
    if (projectId && projectId !== record.projectId) {
      const found = await projects.findMany(space, [projectId]);
      if (found.length === 0) throw notFound("project");
    }
  }

  /** The newest message of the branch that runs through this one. */
  async #branchThrough(
    space: string,
    { record }: LoadedThread,
    messageId: string,
  ): Promise<string> {
    const tree = new MessageTree(
      await this.#parts.threads.readMessages(space, record.id),
    );
    if (tree.get(messageId) === undefined) {
      throw notFound("message in this thread");
    }
    return tree.newestLeaf(messageId);
  }

  async #show(space: string, loaded: LoadedThread): Promise<Thread> {
    return (await showThreads(space, [loaded], this.#parts))[0];
  }
}

/** The record after the patch, and the names of the fields that it changes. */
function edited(
  { record, activity }: LoadedThread,
  patch: ThreadPatch,
  plan: TagPlan | undefined,
  head: string | undefined,
): { record: ThreadRecord; fields: string[] } {
  const changes: Partial<ThreadRecord> = {};
  const fields: string[] = [];
  const change = <Name extends keyof ThreadRecord>(
    name: Name,
    value: ThreadRecord[Name] | undefined,
    before: ThreadRecord[Name],
  ) => {
    if (value === undefined) return;
    if (JSON.stringify(value) === JSON.stringify(before)) return;
    changes[name] = value;
    fields.push(name);
  };
  change("title", patch.title, record.title);
  if (patch.title !== undefined) {
    change("titleSource", "user", record.titleSource);
  }
  change("model", patch.model, record.model);
  change("projectId", patch.projectId, record.projectId ?? null);
  change("tags", plan?.refs.map(refKey), record.tags ?? []);
  change("pinned", patch.pinned, record.pinned ?? false);
  change("archived", patch.archived, record.archived ?? false);
  const isEdit = fields.length > 0;
  change("headMessageId", head, headOf(record, activity));
  const version = isEdit ? record.version + 1 : record.version;
  return { record: { ...record, ...changes, version }, fields };
}
