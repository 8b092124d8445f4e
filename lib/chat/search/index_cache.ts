/** The indexes in memory, up to a number of bytes; the least recently used one goes first. */
import { StorageError } from "@/lib/errors.ts";
import type { IndexStore, LoadedIndex } from "./index_store.ts";
import { Segment } from "./segment.ts";
import { Slices } from "./slices.ts";
import { makeView, type View } from "./view.ts";

interface Cached {
  versionstamp: string | null;
  segments: ReadonlyMap<string, Segment>;
  view: View;
  bytes: number;
}

const MAX_BYTES = 64 * 1024 * 1024;
/** What a segment takes in memory beside its bytes, for each thread and document. */
const BYTES_PER_THREAD = 120;
const BYTES_PER_DOCUMENT = 8;
/** A list may name segments that were merged and swept before they were read. */
const LOAD_ATTEMPTS = 3;

export class IndexCache {
  readonly #store: IndexStore;
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #cached = new Map<string, Cached>();
  /** Loads under way, so that several who ask at the same time share one. */
  readonly #loading = new Map<string, Promise<Cached>>();

  constructor(store: IndexStore, { maxBytes = MAX_BYTES } = {}) {
    this.#store = store;
    this.#maxBytes = maxBytes;
  }

  /** Bytes that the indexes in memory take, about. */
  get bytes(): number {
    let bytes = 0;
    for (const cached of this.#cached.values()) bytes += cached.bytes;
    return bytes;
  }

  /**
   * The index of a space as it is in the store now.
   * @throws {StorageError} when the store does not answer
   */
  async view(space: string, signal?: AbortSignal): Promise<View> {
    for (let attempt = 1; attempt <= LOAD_ATTEMPTS; attempt += 1) {
      const index = await this.#store.load(space, signal);
      const known = this.#cached.get(space);
      if (known?.versionstamp === index.versionstamp) {
        this.#use(space, known);
        return known.view;
      }
      const key = `${space} ${index.versionstamp}`;
      let loading = this.#loading.get(key);
      if (loading === undefined) {
        // Not under the signal of one of those who share it; each read has its deadline.
        loading = this.#load(space, index);
        this.#loading.set(key, loading);
        const forget = () => this.#loading.delete(key);
        loading.then(forget, forget);
      }
      try {
        const loaded = await loading;
        this.#use(space, loaded);
        return loaded.view;
      } catch (error) {
        if (!(error instanceof SweptError)) throw error;
      }
    }
    throw new StorageError("The search index changes too fast to be read.");
  }

  async #load(
    space: string,
    { segments: entries, versionstamp }: LoadedIndex,
  ): Promise<Cached> {
    const known = this.#cached.get(space)?.segments;
    const segments = await Promise.all(entries.map(async (entry) => {
      const old = known?.get(entry.id);
      if (old !== undefined) return old;
      const bytes = await this.#store.readSegment(space, entry);
      if (bytes === null) throw new SweptError(`Segment "${entry.id}" is gone`);
      return new Segment(bytes);
    }));
    const view = await makeView(segments, new Slices());
    let bytes = 0;
    for (const segment of segments) {
      bytes += segment.bytes.length + BYTES_PER_THREAD * segment.threads +
        BYTES_PER_DOCUMENT * segment.documents;
    }
    return {
      versionstamp,
      view,
      bytes,
      segments: new Map(
        entries.map(({ id }, index) => [id, segments[index]]),
      ),
    };
  }

  #use(space: string, cached: Cached): void {
    this.#cached.delete(space);
    this.#cached.set(space, cached);
    let { bytes } = this;
    for (const [oldest, { bytes: ofOldest }] of this.#cached) {
      if (bytes <= this.#maxBytes || oldest === space) return;
      this.#cached.delete(oldest);
      bytes -= ofOldest;
    }
  }
}

class SweptError extends Error {
  override readonly name = "SweptError";
}
