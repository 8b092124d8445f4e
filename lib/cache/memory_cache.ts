/** The first level: answers in the memory of this process, those used last within a bound of bytes. */
import { LRUCache } from "lru-cache";
import type { Clock } from "@/lib/clock.ts";
import type { CachedAnswer } from "./answer.ts";
import { deltasBytes } from "./answer_size.ts";
import type { CacheKey } from "./cache_key.ts";

/** Key, hash and bookkeeping of an entry. */
const ENTRY_BYTES = 512;

interface Entry {
  readonly key: CacheKey;
  readonly answer: CachedAnswer;
  readonly bytes: number;
}

export class MemoryCache {
  readonly #clock: Pick<Clock, "now">;
  /** Null: there is no first level. */
  readonly #entries: LRUCache<string, Entry> | null;

  /** @param maxBytes 0: nothing is kept in memory */
  constructor(maxBytes: number, clock: Pick<Clock, "now">) {
    this.#clock = clock;
    this.#entries = maxBytes > 0
      ? new LRUCache<string, Entry>({ maxSize: maxBytes })
      : null;
  }

  /** Answers that are there. */
  get size(): number {
    return this.#entries?.size ?? 0;
  }

  /** Bytes of memory that they take. */
  get bytes(): number {
    return this.#entries?.calculatedSize ?? 0;
  }

  get({ hash }: CacheKey): CachedAnswer | null {
    const entry = this.#entries?.get(hash);
    if (entry === undefined) return null;
    if (entry.answer.expiresAtMs > this.#clock.now()) return entry.answer;
    this.#entries?.delete(hash);
    return null;
  }

  /** Whether there is an answer under a hash; it does not count as used by that. */
  has(hash: string): boolean {
    const entry = this.#entries?.peek(hash);
    return entry !== undefined &&
      entry.answer.expiresAtMs > this.#clock.now();
  }

  /** Keeps an answer; one that is larger than all of the memory for them is not kept. */
  put(key: CacheKey, answer: CachedAnswer): void {
    const bytes = ENTRY_BYTES + deltasBytes(answer.deltas);
    this.#entries?.set(key.hash, { key, answer, bytes }, { size: bytes });
  }

  /** An answer that is here takes more memory from now on. */
  grow(hash: string, answer: CachedAnswer, moreBytes: number): void {
    const entry = this.#entries?.peek(hash);
    if (entry?.answer !== answer) return;
    const bytes = entry.bytes + moreBytes;
    this.#entries?.set(hash, { ...entry, bytes }, { size: bytes });
  }

  /** Drops the answer only if it is still this one, or any if none is given. */
  drop({ hash }: CacheKey, answer?: CachedAnswer): void {
    if (answer !== undefined && this.#entries?.peek(hash)?.answer !== answer) {
      return;
    }
    this.#entries?.delete(hash);
  }

  /** Drops all answers of a workspace, or of those only what is told. */
  dropWhere(
    workspace: string,
    isMeant: (key: CacheKey, answer: CachedAnswer) => boolean = () => true,
  ): void {
    for (const [hash, { key, answer }] of this.#entries?.entries() ?? []) {
      if (key.workspace === workspace && isMeant(key, answer)) {
        this.#entries?.delete(hash);
      }
    }
  }
}
