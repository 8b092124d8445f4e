/** Tasks, as the routes use them. */
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Page, Task, TaskStatus } from "@/lib/shared/wire.ts";
import { beforeId } from "./id_cursor.ts";
import type { IdempotencyStore } from "./idempotency_store.ts";
import { type AcceptVersion, UNDO_MS } from "./projects.ts";
import { madeBefore } from "./made_before.ts";
import { notFound } from "./refusals.ts";
import { retryOnConflict } from "./retry_on_conflict.ts";
import { refKey, type TagStore } from "./tag_store.ts";
import type { NewTask, TaskPatch } from "./task_input.ts";
import type { TaskRecord } from "./task_record.ts";
import type { LoadedTask, TaskStore } from "./task_store.ts";

/** Finds what a task points to; null for what is not there. */
export interface TaskTargets {
  projects: {
    findMany(space: string, ids: string[]): Promise<{ id: string }[]>;
  };
  threads: {
    get(space: string, id: string): Promise<{ id: string } | null>;
  };
}

/** Which tasks are wanted; what is not given does not narrow them. */
export interface TaskQuery {
  projectId?: string;
  status?: TaskStatus;
  /** Name of a tag. */
  tag?: string;
}

export class Tasks {
  readonly #store: TaskStore;
  readonly #tags: TagStore;
  readonly #requests: IdempotencyStore;
  readonly #targets: TaskTargets;

  constructor(
    store: TaskStore,
    tags: TagStore,
    requests: IdempotencyStore,
    targets: TaskTargets,
  ) {
    this.#store = store;
    this.#tags = tags;
    this.#requests = requests;
    this.#targets = targets;
  }

  /**
   * Makes a task, and its missing tags with it or none of them.
   * @param idempotencyKey a repetition with it gives the task that is there
   * @throws {AppError} 404 `not_found` for an unknown project or thread, 409 `task_deleted`, 422
   * `idempotency_key_reused`
   */
  async create(
    space: string,
    input: NewTask,
    idempotencyKey: string | null = null,
  ): Promise<Task> {
    const request = idempotencyKey === null
      ? null
      : { scope: "tasks", key: idempotencyKey, body: input };
    const now = new Date().toISOString();
    const id = newId("tsk");
    return await retryOnConflict(async () => {
      const claim = await this.#requests.claim(space, request);
      if (claim.state === "made") {
        return await madeBefore(
          "task",
          () => this.require(space, claim.id),
        );
      }
      const [plan] = await Promise.all([
        this.#tags.plan(space, input.tags),
        this.#requireTargets(space, input),
      ]);
      const record: TaskRecord = {
        v: 1,
        id,
        ...input,
        tags: plan.refs,
        jobId: null,
        createdAt: now,
        updatedAt: now,
        version: 1,
      };
      const ok = await this.#store.create(
        space,
        record,
        plan.unit,
        claim.receipt(id),
      );
      return ok ? { ...toTask(record), tags: plan.names } : "conflict";
    });
  }

  /** @throws {AppError} 404 `not_found` */
  async require(space: string, id: string): Promise<Task> {
    const { record } = await this.#load(space, id);
    return (await this.#show(space, [record]))[0];
  }

  /** Newest first. A project or tag that is not there has no tasks. */
  async list(
    space: string,
    query: TaskQuery,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Task>> {
    const before = beforeId("tsk", cursor);
    const filter = await this.#toFilter(space, query);
    if (filter === null) return { items: [], nextCursor: null };
    const records = await this.#store.list(
      space,
      filter,
      before,
      limit + 1,
    );
    const shown = records.slice(0, limit);
    return {
      items: await this.#show(space, shown),
      nextCursor: records.length > limit ? shown[limit - 1].id : null,
    };
  }

  /**
   * Changes what the patch names.
   * @throws {AppError} 404 `not_found` for the task or a project or thread it is to point to; what
   * `accept` throws
   */
  async update(
    space: string,
    id: string,
    patch: TaskPatch,
    accept: AcceptVersion,
  ): Promise<Task> {
    return await retryOnConflict(async () => {
      const old = await this.#load(space, id);
      accept(old.record.version);
      const [plan] = await Promise.all([
        this.#tags.plan(space, patch.tags ?? []),
        this.#requireTargets(space, patch),
      ]);
      const record: TaskRecord = {
        ...old.record,
        ...patch,
        tags: patch.tags === undefined ? old.record.tags : plan.refs,
        ...nextVersion(old.record),
      };
      const ok = await this.#store.replace(space, old, record, plan.unit);
      if (!ok) return "conflict";
      return (await this.#show(space, [record]))[0];
    });
  }

  /** @throws {AppError} 404 `not_found`; what `accept` throws */
  async delete(
    space: string,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    await retryOnConflict(async () => {
      const old = await this.#load(space, id);
      accept(old.record.version);
      const ok = await this.#store.delete(space, old, UNDO_MS);
      return ok ? null : "conflict";
    });
  }

  /**
   * Undoes a deletion of the last `UNDO_MS`. A task that is there is left as it is.
   * @throws {AppError} 404 `not_found`
   */
  async restore(space: string, id: string): Promise<Task> {
    if (!isId("tsk", id)) throw notFound("task");
    return await retryOnConflict(async () => {
      const there = await this.#store.load(space, id);
      if (there !== null) {
        return (await this.#show(space, [there.record]))[0];
      }
      const deleted = await this.#store.loadDeleted(space, id);
      if (deleted === null) throw notFound("task");
      const record = { ...deleted.record, ...nextVersion(deleted.record) };
      const ok = await this.#store.restore(space, deleted, record);
      return ok ? (await this.#show(space, [record]))[0] : "conflict";
    });
  }

  async #load(space: string, id: string): Promise<LoadedTask> {
    const loaded = isId("tsk", id) ? await this.#store.load(space, id) : null;
    if (loaded === null) throw notFound("task");
    return loaded;
  }

  /** Null when nothing can pass. */
  async #toFilter(space: string, { projectId, status, tag }: TaskQuery) {
    if (projectId !== undefined) {
      const found = isId("prj", projectId)
        ? await this.#targets.projects.findMany(space, [projectId])
        : [];
      if (found.length === 0) return null;
    }
    let ref = null;
    if (tag !== undefined) {
      ref = await this.#tags.findRef(space, tag);
      if (ref === null) return null;
    }
    return { projectId: projectId ?? null, status: status ?? null, tag: ref };
  }

  async #requireTargets(
    space: string,
    { projectId, threadId }: {
      projectId?: string | null;
      threadId?: string | null;
    },
  ): Promise<void> {
    const { projects, threads } = this.#targets;
    const [found, thread] = await Promise.all([
      projectId ? projects.findMany(space, [projectId]) : null,
      threadId ? threads.get(space, threadId) : null,
    ]);
    if (found?.length === 0) throw notFound("project");
    if (threadId && thread === null) throw notFound("thread");
  }

  /** The tasks as they are seen, without what they point to and is not there any more. */
  async #show(space: string, records: TaskRecord[]): Promise<Task[]> {
    const { projects, threads } = this.#targets;
    const projectIds = distinct(records.map(({ projectId }) => projectId));
    const threadIds = distinct(records.map(({ threadId }) => threadId));
    const [names, foundProjects, foundThreads] = await Promise.all([
      this.#tags.readNames(space, records.flatMap(({ tags }) => tags)),
      projects.findMany(space, projectIds),
      Promise.all(threadIds.map((id) => threads.get(space, id))),
    ]);
    const there = new Set(foundProjects.map(({ id }) => id));
    for (const thread of foundThreads) if (thread) there.add(thread.id);
    const orNull = (id: string | null) =>
      id !== null && there.has(id) ? id : null;
    return records.map((record) => ({
      ...toTask(record),
      projectId: orNull(record.projectId),
      threadId: orNull(record.threadId),
      tags: record.tags.flatMap((ref) => names.get(refKey(ref)) ?? []),
    }));
  }
}

function distinct(ids: (string | null)[]): string[] {
  return [...new Set(ids.filter((id) => id !== null))];
}

function toTask(record: TaskRecord): Omit<Task, "tags"> {
  return {
    id: record.id,
    projectId: record.projectId,
    title: record.title,
    notes: record.notes,
    status: record.status,
    dueAt: record.dueAt,
    threadId: record.threadId,
    jobId: record.jobId,
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    version: record.version,
  };
}

function nextVersion(
  { version }: TaskRecord,
): Pick<TaskRecord, "version" | "updatedAt"> {
  return { version: version + 1, updatedAt: new Date().toISOString() };
}
