/** Tags, as the routes use them. */
import type { PageQuery } from "@/lib/shared/page_query.ts";
import { foldTagName, MAX_TAG_CHARACTERS } from "@/lib/shared/tag_names.ts";
import type { Page, Tag } from "@/lib/shared/wire.ts";
import { invalidCursor } from "./id_cursor.ts";
import type { IdempotencyStore } from "./idempotency_store.ts";
import { madeBefore } from "./made_before.ts";
import { notFound } from "./refusals.ts";
import { retryOnConflict } from "./retry_on_conflict.ts";
import type { NewTag } from "./tag_input.ts";
import type { TagRecord, TagStore } from "./tag_store.ts";

/** Folding may lengthen a name, though never this much. */
const MAX_CURSOR_CHARACTERS = 4 * MAX_TAG_CHARACTERS;

export class Tags {
  readonly #store: TagStore;
  readonly #requests: IdempotencyStore;

  constructor(store: TagStore, requests: IdempotencyStore) {
    this.#store = store;
    this.#requests = requests;
  }

  /**
   * Makes a tag, or gives the one of that name; upper and lower case do not count.
   * @param idempotencyKey a repetition with it gives the same answer
   * @throws {AppError} 422 `idempotency_key_reused`, 409 `tag_deleted`
   */
  async create(
    space: string,
    input: NewTag,
    idempotencyKey: string | null = null,
  ): Promise<{ tag: Tag; isNew: boolean }> {
    const request = idempotencyKey === null
      ? null
      : { scope: "tags", key: idempotencyKey, body: input };
    return await retryOnConflict(async () => {
      const claim = await this.#requests.claim(space, request);
      if (claim.state === "made") {
        const tag = await madeBefore(
          "tag",
          () => this.require(space, claim.id),
        );
        return { tag, isNew: true };
      }
      const receipt = claim.receipt(input.name);
      const there = await this.#store.find(space, input.name);
      if (there !== null) {
        const ok = await this.#store.acknowledge(receipt);
        return ok ? { tag: toTag(there), isNew: false } : "conflict";
      }
      const record = {
        v: 1 as const,
        name: input.name,
        createdAt: new Date().toISOString(),
      };
      const ok = await this.#store.create(space, record, receipt);
      return ok ? { tag: toTag(record), isNew: true } : "conflict";
    });
  }

  /** A tag by its name in any spelling, or null. */
  async find(space: string, name: string): Promise<Tag | null> {
    const record = await this.#store.find(space, name);
    return record && toTag(record);
  }

  /** @throws {AppError} 404 `not_found` */
  async require(space: string, name: string): Promise<Tag> {
    const tag = await this.find(space, name);
    if (tag === null) throw notFound("tag");
    return tag;
  }

  /** By name. */
  async list(
    space: string,
    { limit, cursor }: PageQuery,
  ): Promise<Page<Tag>> {
    const isCursor = cursor === null ||
      (cursor.length <= MAX_CURSOR_CHARACTERS &&
        foldTagName(cursor) === cursor);
    if (!isCursor) throw invalidCursor();
    const records = await this.#store.list(space, cursor, limit + 1);
    const items = records.slice(0, limit).map(toTag);
    return {
      items,
      nextCursor: records.length > limit
        ? foldTagName(items[limit - 1].name)
        : null,
    };
  }

  /**
   * Deletes a tag from the list and from every task at once, as people expect of labels.
   * @throws {AppError} 404 `not_found`
   */
  async delete(space: string, name: string): Promise<void> {
    await retryOnConflict(async () => {
      const result = await this.#store.delete(space, name);
      if (result === "missing") throw notFound("tag");
      return result;
    });
  }
}

function toTag(
  { name, createdAt }: Pick<TagRecord, "name" | "createdAt">,
): Tag {
  return { name, createdAt };
}
