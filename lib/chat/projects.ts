/** Projects, as the routes and the chat use them. */
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Page, Project } from "@/lib/shared/wire.ts";
import { findModel, type ModelResolver } from "./choose_model.ts";
import type { IdempotencyStore } from "./idempotency_store.ts";
import { beforeId } from "./id_cursor.ts";
import type { NewProject, ProjectPatch } from "./project_input.ts";
import { type ProjectRecord, toProject } from "./project_record.ts";
import type { LoadedProject, ProjectStore } from "./project_store.ts";
import { madeBefore } from "./made_before.ts";
import { notFound } from "./refusals.ts";
import { retryOnConflict } from "./retry_on_conflict.ts";

/** How long the deletion of a project or a task can be undone, in milliseconds. */
export const UNDO_MS = 5 * 60_000;

/** Says whether a change is meant for the version that is there; throws when not. */
export type AcceptVersion = (version: number) => void;

export class Projects {
  readonly #store: ProjectStore;
  readonly #requests: IdempotencyStore;
  readonly #models: ModelResolver;

  constructor(
    store: ProjectStore,
    requests: IdempotencyStore,
    models: ModelResolver,
  ) {
    this.#store = store;
    this.#requests = requests;
    this.#models = models;
  }

  /**
   * Makes a project. Two may have the same name, as with the peers: people tell them apart by colour.
   * @param idempotencyKey a repetition with it gives the project that is there
   * @throws {AppError} 404 `model_not_found`, 409 `project_deleted`, 422 `idempotency_key_reused`
   */
  async create(
    space: string,
    input: NewProject,
    idempotencyKey: string | null = null,
  ): Promise<Project> {
    const request = idempotencyKey === null
      ? null
      : { scope: "projects", key: idempotencyKey, body: input };
    if (input.defaultModel !== null) {
      await findModel(this.#models, input.defaultModel);
    }
    const now = new Date().toISOString();
    const record: ProjectRecord = {
      v: 1,
      id: newId("prj"),
      ...input,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    return await retryOnConflict(async () => {
      const claim = await this.#requests.claim(space, request);
      if (claim.state === "made") {
        return await madeBefore(
          "project",
          () => this.require(space, claim.id),
        );
      }
      const ok = await this.#store.create(
        space,
        record,
        claim.receipt(record.id),
      );
      return ok ? toProject(record) : "conflict";
    });
  }

  /** A project, or null when there is none: deleted, foreign or never made. */
  async find(space: string, id: string): Promise<Project | null> {
    const loaded = isId("prj", id) ? await this.#store.load(space, id) : null;
    return loaded === null ? null : toProject(loaded.record);
  }

  /** Those of the projects that are there. */
  async findMany(space: string, ids: string[]): Promise<Project[]> {
    return (await this.#store.loadMany(space, ids)).map(toProject);
  }

  /** @throws {AppError} 404 `not_found` */
  async require(space: string, id: string): Promise<Project> {
    return toProject((await this.#load(space, id)).record);
  }

  /** Newest first. */
  async list(
    space: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Project>> {
    const records = await this.#store.list(
      space,
      beforeId("prj", cursor),
      limit + 1,
    );
    const items = records.slice(0, limit).map(toProject);
    return {
      items,
      nextCursor: records.length > limit ? items[limit - 1].id : null,
    };
  }

  /**
   * Changes what the patch names.
   * @throws {AppError} 404 `not_found` or `model_not_found`; what `accept` throws
   */
  async update(
    space: string,
    id: string,
    patch: ProjectPatch,
    accept: AcceptVersion,
  ): Promise<Project> {
    accept((await this.#load(space, id)).record.version);
    if (patch.defaultModel) await findModel(this.#models, patch.defaultModel);
    return await retryOnConflict(async () => {
      const old = await this.#load(space, id);
      accept(old.record.version);
      const record = { ...old.record, ...patch, ...nextVersion(old.record) };
      const ok = await this.#store.replace(space, old, record);
      return ok ? toProject(record) : "conflict";
    });
  }

  /**
   * Deletes a project; its threads and tasks stay, without a project. They still name it, and readers
   * take a project that is not there for none, so one atomic does it all and undoing it brings all back.
   * @throws {AppError} 404 `not_found`; what `accept` throws
   */
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
   * Undoes a deletion of the last `UNDO_MS`. A project that is there is left as it is.
   * @throws {AppError} 404 `not_found`
   */
  async restore(space: string, id: string): Promise<Project> {
    return await retryOnConflict(async () => {
      const there = await this.find(space, id);
      if (there !== null) return there;
      const deleted = isId("prj", id)
        ? await this.#store.loadDeleted(space, id)
        : null;
      if (deleted === null) throw notFound("project");
      const record = { ...deleted.record, ...nextVersion(deleted.record) };
      const ok = await this.#store.restore(space, deleted, record);
      return ok ? toProject(record) : "conflict";
    });
  }

  async #load(space: string, id: string): Promise<LoadedProject> {
    const loaded = isId("prj", id) ? await this.#store.load(space, id) : null;
    if (loaded === null) throw notFound("project");
    return loaded;
  }
}

function nextVersion(
  { version }: ProjectRecord,
): Pick<ProjectRecord, "version" | "updatedAt"> {
  return { version: version + 1, updatedAt: new Date().toISOString() };
}
