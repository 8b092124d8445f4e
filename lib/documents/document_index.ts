/** Changes of the search index of documents, each in one atomic with what it belongs to. */
import { countToMerge } from "@/lib/chat/search/compaction.ts";
import type { IndexStore } from "@/lib/chat/search/index_store.ts";
import { buildSegment } from "@/lib/chat/search/segment_build.ts";
import { Slices } from "@/lib/chat/search/slices.ts";
import { StorageError } from "@/lib/errors.ts";
import type { DocumentStore, DocumentUnit } from "./document_store.ts";
import type { WorkerPool } from "./worker_pool.ts";

/** Tries while other processes change the same index. */
const CHANGE_ATTEMPTS = 50;

type Bytes = Uint8Array<ArrayBuffer>;

export class DocumentIndex {
  readonly #index: IndexStore;
  readonly #documents: DocumentStore;
  readonly #pool: WorkerPool;
  /** The newest change of each space: those of this process follow each other. */
  readonly #turns = new Map<string, Promise<unknown>>();

  constructor(index: IndexStore, documents: DocumentStore, pool: WorkerPool) {
    this.#index = index;
    this.#documents = documents;
    this.#pool = pool;
  }

  /**
   * Adds a segment behind all others, together with what `fill` puts into the unit.
   * @returns the versionstamp, or null: something that `fill` has checked is not so any more
   * @throws {StorageError} when others change the index all the time
   */
  async append(
    space: string,
    segment: Bytes,
    fill: (unit: DocumentUnit) => void,
    signal: AbortSignal,
  ): Promise<string | null> {
    return await this.#inTurn(space, async () => {
      for (let tries = 0; tries < CHANGE_ATTEMPTS; tries += 1) {
        signal.throwIfAborted();
        const before = await this.#index.load(space, signal);
        const unit = this.#documents.newUnit();
        fill(unit);
        await this.#index.change(
          unit,
          space,
          before,
          before.segments,
          segment,
          signal,
        );
        const stamp = await this.#documents.commitStamped(unit);
        if (stamp !== null) return stamp;
        const now = await this.#index.load(space, signal);
        if (now.versionstamp === before.versionstamp) return null;
      }
      throw new StorageError("The index of documents changes too fast.");
    });
  }

  /** Takes all of a document out of the index. @param id without its prefix */
  async forget(space: string, id: string, signal: AbortSignal): Promise<void> {
    const nothing = { id, replaces: true, updatedAtMs: 0, documents: [] };
    const segment = await buildSegment([nothing], new Slices(signal));
    const { segments } = await this.#index.load(space, signal);
    if (segments.length === 0) return;
    await this.append(space, segment, () => {}, signal);
  }

  /** Merges small segments, and removes what is not in use any more. */
  async tidy(space: string, signal: AbortSignal): Promise<void> {
    while (await this.#inTurn(space, () => this.#merge(space, signal)));
    await this.#index.sweep(space, signal);
  }

  /** Merges what there is to merge; whether that was anything and nobody else was faster. */
  async #merge(space: string, signal: AbortSignal): Promise<boolean> {
    const index = await this.#index.load(space, signal);
    const count = countToMerge(index.segments);
    if (count === 0) return false;
    const kept = index.segments.slice(0, -count);
    const segments: Bytes[] = [];
    for (const entry of index.segments.slice(-count)) {
      const bytes = await this.#index.readSegment(space, entry, signal);
      if (bytes === null) return false;
      segments.push(bytes as Bytes);
    }
    const isWhole = kept.length === 0;
    const merged = await this.#pool.run(
      { type: "merge", segments, isWhole },
      signal,
    );
    return await this.#index.replace(space, index, kept, merged, signal);
  }

  async #inTurn<T>(space: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(space) ?? Promise.resolve();
    const own = before.then(work, work);
    this.#turns.set(space, own);
    try {
      return await own;
    } finally {
      if (this.#turns.get(space) === own) this.#turns.delete(space);
    }
  }
}
