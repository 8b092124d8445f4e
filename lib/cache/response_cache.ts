/** Answers that are kept: in memory first, then in the store; put there, found and purged. */
import type { Clock } from "@/lib/clock.ts";
import type { CacheSettings } from "@/lib/config/cache.ts";
import type { Delta } from "@/lib/llm/types.ts";
import type { CachedAnswer, CacheHit, ServedBy } from "./answer.ts";
import { deltasBytes } from "./answer_size.ts";
import type { CacheKey } from "./cache_key.ts";
import type { CacheStore, KeptEntry, ListedAnswer } from "./cache_store.ts";
import type { CacheCounters } from "./counters.ts";
import type { MemoryCache } from "./memory_cache.ts";
import type { PurgeMarks } from "./purge_marks.ts";
import { wholeEnd } from "./whole_answer.ts";
import type { WriteBehind } from "./write_behind.ts";

/** Which answers a purge removes: that of one key, those of a model, or those before a time; none: all. */
export interface Purge {
  /** Hash of a key. */
  hash?: string;
  /** As callers name it: `<provider>/<model>`, the provider's own name, or a route. */
  model?: string;
  /** Milliseconds since 1970 UTC. */
  storedBeforeMs?: number;
}

export interface ResponseCacheParts {
  settings: Pick<CacheSettings, "ttlSeconds">;
  memory: MemoryCache;
  store: CacheStore;
  marks: PurgeMarks;
  writes: WriteBehind;
  counters: CacheCounters;
  clock: Clock;
}

/** How long a request waits for the store to say whether it has an answer, in milliseconds. */
const LOOKUP_MS = 500;
/** How long answers may take to reach the store when the process ends, in milliseconds. */
const CLOSE_MS = 1_000;

export class ResponseCache {
  readonly #parts: ResponseCacheParts;
  /** Reads of the store that are under way: many may ask the same at once. */
  readonly #reading = new Map<string, Promise<CachedAnswer | null>>();

  constructor(parts: ResponseCacheParts) {
    this.#parts = parts;
  }

  /** Learns of purges, so that for a second answers are found and kept without asking the store. */
  async prepare(workspace: string): Promise<void> {
    await this.#parts.marks.refresh(workspace);
  }

  /** The answer in memory, as far as that can be said without asking the store for purges. */
  peek(key: CacheKey): CacheHit | null {
    const { memory, marks } = this.#parts;
    if (!marks.areFresh(key.workspace)) return null;
    const answer = memory.get(key);
    return answer === null ? null : { outcome: "hit-l1", answer };
  }

  /**
   * The answer in memory or in the store; null when there is none, or the store does not say so in half a
   * second.
   * @throws the signal's reason when it aborts
   */
  async lookUp(key: CacheKey, signal: AbortSignal): Promise<CacheHit | null> {
    const { memory, marks } = this.#parts;
    await marks.refresh(key.workspace);
    signal.throwIfAborted();
    const near = memory.get(key);
    if (near !== null) return { outcome: "hit-l1", answer: near };
    let reading = this.#reading.get(key.hash);
    if (reading === undefined) {
      reading = this.#read(key).finally(() => this.#reading.delete(key.hash));
      this.#reading.set(key.hash, reading);
    }
    const answer = await reading;
    signal.throwIfAborted();
    return answer === null ? null : { outcome: "hit-l2", answer };
  }

  /** What `keep` is to be given for an answer whose provider is asked now. */
  stamp(key: CacheKey): string | null | undefined {
    return this.#parts.marks.stampOf(key.workspace);
  }

  /**
   * Keeps an answer whose stream has ended in good order, if it is whole: in memory at once, in the store
   * a little later, unless that has too much to do.
   * @param stamp of the time when the provider was asked: what was purged since stays purged
   */
  keep(
    key: CacheKey,
    deltas: readonly Delta[],
    served: ServedBy,
    stamp: string | null | undefined,
  ): void {
    const { settings, memory, store, writes, counters, clock } = this.#parts;
    const end = wholeEnd(deltas);
    if (end === null || stamp === undefined || stamp !== this.stamp(key)) {
      return;
    }
    const storedAtMs = clock.now();
    const expiresAtMs = storedAtMs + settings.ttlSeconds * 1_000;
    const answer = { deltas, ...end, served, storedAtMs, expiresAtMs };
    memory.put(key, answer);
    counters.add("kept");
    writes.add(
      deltasBytes(deltas),
      (signal) => store.write(key, answer, stamp, signal),
    );
  }

  /**
   * Removes answers of a workspace, in this process at once, in others within a second.
   * @returns how many of the store
   * @throws {StorageError} when the store does not answer; some may have been removed by then
   */
  async purge(
    workspace: string,
    purge: Purge,
    signal: AbortSignal,
  ): Promise<number> {
    const { memory, store, marks, counters } = this.#parts;
    const { hash, model, storedBeforeMs } = purge;
    const isMeant = (row: Pick<ListedAnswer, "target" | "served" | "hash">) =>
      (hash === undefined || row.hash === hash) &&
      (model === undefined || namesOf(row).includes(model));
    const drop = () =>
      memory.dropWhere(
        workspace,
        ({ hash, target }, answer) =>
          isMeant({ hash, target, served: answer.served }) &&
          (storedBeforeMs === undefined || answer.storedAtMs < storedBeforeMs),
      );
    drop();
    await store.markPurge(workspace, signal);
    const removed = await store.purge(
      workspace,
      storedBeforeMs ?? null,
      isMeant,
      signal,
    );
    marks.forget(workspace);
    drop();
    counters.add("purged", removed);
    return removed;
  }

  /** A page of the answers kept for a workspace, newest first; see `CacheStore.page`. */
  async page(
    workspace: string,
    before: Pick<ListedAnswer, "storedAtMs" | "hash"> | null,
    limit: number,
    signal: AbortSignal,
  ): Promise<ListedAnswer[]> {
    return await this.#parts.store.page(workspace, before, limit, signal);
  }

  /**
   * What is known of the answer under a hash; null when the store has none. One that was kept a moment ago
   * may not be there yet.
   * @throws {StorageError} when the store does not answer
   */
  async describe(
    workspace: string,
    hash: string,
    signal: AbortSignal,
  ): Promise<KeptEntry & { isInMemory: boolean } | null> {
    const { store, memory } = this.#parts;
    const entry = await store.describe(workspace, hash, signal);
    return entry && { ...entry, isInMemory: memory.has(hash) };
  }

  /** Memory that somebody holds together with an answer, as long as it is in memory itself. */
  grow(hash: string, answer: CachedAnswer, moreBytes: number): void {
    this.#parts.memory.grow(hash, answer, moreBytes);
  }

  /** Answers in memory and the bytes that they take. */
  get inMemory(): { answers: number; bytes: number } {
    const { size, bytes } = this.#parts.memory;
    return { answers: size, bytes };
  }

  /** Resolves when the store has what it is to have. */
  async idle(): Promise<void> {
    await this.#parts.writes.idle();
  }

  /** Waits for what is on its way to the store, but not for long. */
  async close(): Promise<void> {
    await this.#parts.writes.close(CLOSE_MS);
  }

  async #read(key: CacheKey): Promise<CachedAnswer | null> {
    const { store, memory, clock } = this.#parts;
    const stamp = this.stamp(key);
    const late = new AbortController();
    const cancel = clock.after(LOOKUP_MS, () => late.abort());
    try {
      const answer = await store.read(key, late.signal);
      // A purge that came meanwhile may have meant this one.
      if (answer !== null && stamp === this.stamp(key)) memory.put(key, answer);
      return answer;
    } catch {
      // The provider can be asked as well.
      return null;
    } finally {
      cancel();
    }
  }
}

/** The names by which an answer's model is known. */
function namesOf(
  { target, served: { provider, model } }: Pick<
    ListedAnswer,
    "target" | "served"
  >,
): string[] {
  return [target, model, `${provider}/${model}`];
}
