/** Reads of everything there is, in the order of ids, for indexing anew. */
import { parseSpace, spacesAfter, threadsAfter } from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";

export class ScanStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The next space that has anything (null: the first); null when there is none. */
  async spaceAfter(
    space: string | null,
    signal: AbortSignal,
  ): Promise<string | null> {
    const rows = list(this.#store, spacesAfter(space), {
      limit: 1,
      signal,
    });
    for await (const { key } of rows) return parseSpace(key);
    return null;
  }

  /** Ids of the next threads, at most `limit`. */
  async threadsAfter(
    space: string,
    thread: string | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<string[]> {
    const rows = list<{ id: string }>(
      this.#store,
      threadsAfter(space, thread),
      { limit, signal },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value.id);
  }
}
