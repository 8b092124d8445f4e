/**
 * Reads and writes of tags. A tag belongs to a generation, which every deletion of a tag raises; a task
 * names a tag with its generation. So a deletion is one atomic however many tasks carry the tag: they
 * name a tag that is not there, and one of the same name made later is another one.
 */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { foldTagName, isTagName, tidyTagName } from "@/lib/shared/tag_names.ts";

export interface TagRecord {
  v: 1;
  name: string;
  generation: number;
  createdAt: string;
}

/** A tag as a task names it. */
export interface TagRef {
  folded: string;
  generation: number;
}

/** Tags to be carried, and what makes those that are missing. */
export interface TagPlan {
  refs: TagRef[];
  /** Names as the tags spell them, in the order of `refs`. */
  names: string[];
  /** To be committed together with what carries the tags; holds a check when a tag is missing. */
  unit: UnitOfWork;
}

interface GenerationRecord {
  v: 1;
  generation: number;
}

export class TagStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** A tag by its name in any spelling, or null. */
  async find(space: string, name: string): Promise<TagRecord | null> {
    if (!isTagName(tidyTagName(name))) return null;
    const key = keys.tagKey(space, foldTagName(name));
    return (await get<TagRecord>(this.#store, key)).value;
  }

  /** A tag as a task names it, or null when there is none of that name. */
  async findRef(space: string, name: string): Promise<TagRef | null> {
    const record = await this.find(space, name);
    return record &&
      { folded: foldTagName(name), generation: record.generation };
  }

  /**
   * Looks tags up by name; the same tag twice counts once. Nobody who makes tags is in another's way:
   * what two write for the same new tag is the same but for its spelling, so the last one's stays.
   */
  async plan(space: string, names: string[]): Promise<TagPlan> {
    const byFolded = new Map<string, string>();
    for (const name of names) {
      const folded = foldTagName(name);
      if (!byFolded.has(folded)) byFolded.set(folded, name);
    }
    const wanted = [...byFolded];
    const unit = new UnitOfWork();
    if (wanted.length === 0) return { refs: [], names: [], unit };
    const generationKey = keys.tagGenerationKey(space);
    const [generationEntry, ...entries] = await getMany(this.#store, [
      generationKey,
      ...wanted.map(([folded]) => keys.tagKey(space, folded)),
    ]);
    const generation =
      (generationEntry.value as GenerationRecord | null)?.generation ?? 0;
    const createdAt = new Date().toISOString();
    const found = entries.map(({ value }) => value as TagRecord | null);
    if (found.includes(null)) {
      unit.check(generationKey, generationEntry.versionstamp);
    }
    const tags = wanted.map(([folded, name], index) => {
      const there = found[index];
      if (there !== null) return { folded, record: there };
      const record: TagRecord = { v: 1, name, generation, createdAt };
      unit.set(keys.tagKey(space, folded), record);
      return { folded, record };
    });
    return {
      refs: tags.map(({ folded, record }) => ({
        folded,
        generation: record.generation,
      })),
      names: tags.map(({ record }) => record.name),
      unit,
    };
  }

  /** Names of those tags that are there, by `refKey`. */
  async readNames(
    space: string,
    refs: TagRef[],
  ): Promise<Map<string, string>> {
    const wanted = [...new Set(refs.map(({ folded }) => folded))];
    const entries = await getMany(
      this.#store,
      wanted.map((folded) => keys.tagKey(space, folded)),
    );
    return new Map(wanted.flatMap((folded, index) => {
      const record = entries[index].value as TagRecord | null;
      if (record === null) return [];
      const { generation, name } = record;
      return [[refKey({ folded, generation }), name] as const];
    }));
  }

  /** By name. */
  async list(
    space: string,
    after: string | null,
    limit: number,
  ): Promise<TagRecord[]> {
    const rows = list<TagRecord>(this.#store, keys.tags(space, after), {
      limit,
    });
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /**
   * Makes a tag that is missing.
   * @param receipt committed with it, so that a repeated request is known
   * @returns whether it counted; then the tag is there
   */
  async create(
    space: string,
    record: Omit<TagRecord, "generation">,
    receipt: UnitOfWork,
  ): Promise<boolean> {
    const key = keys.tagKey(space, foldTagName(record.name));
    const generationKey = keys.tagGenerationKey(space);
    const { value, versionstamp } = await get<GenerationRecord>(
      this.#store,
      generationKey,
    );
    const unit = new UnitOfWork()
      .guard(key, null, { ...record, generation: value?.generation ?? 0 })
      .check(generationKey, versionstamp)
      .add(receipt);
    return (await commit(this.#store, unit)).ok;
  }

  /** Commits a receipt alone, for a request that found its tag there. */
  async acknowledge(receipt: UnitOfWork): Promise<boolean> {
    if (receipt.guards.length === 0) return true;
    return (await commit(this.#store, receipt)).ok;
  }

  /** @returns `"missing"` when there is none of that name, `"conflict"` to try again */
  async delete(
    space: string,
    name: string,
  ): Promise<"deleted" | "missing" | "conflict"> {
    if (!isTagName(tidyTagName(name))) return "missing";
    const key = keys.tagKey(space, foldTagName(name));
    const generationKey = keys.tagGenerationKey(space);
    const [tag, generation] = await getMany<[TagRecord, GenerationRecord]>(
      this.#store,
      [key, generationKey],
    );
    if (tag.value === null) return "missing";
    const unit = new UnitOfWork()
      .check(key, tag.versionstamp)
      .delete(key)
      .guard(generationKey, generation.versionstamp, {
        v: 1,
        generation: (generation.value?.generation ?? 0) + 1,
      });
    return (await commit(this.#store, unit)).ok ? "deleted" : "conflict";
  }
}

/** A text that is the same for refs to the same tag. */
export function refKey({ folded, generation }: TagRef): string {
  return `${generation} ${folded}`;
}

/** The ref out of a text that `refKey` built. */
export function parseRefKey(text: string): TagRef {
  const space = text.indexOf(" ");
  return {
    generation: Number(text.slice(0, space)),
    folded: text.slice(space + 1),
  };
}
