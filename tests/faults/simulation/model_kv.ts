/**
 * A store in memory that answers at once and in one order, so that a schedule plays the same way every
 * time, and that tells of each commit what changed. It does what the program uses of Deno KV; a test
 * compares the two.
 */
import { WrappedAtomic } from "@/lib/kv/testing/wrapped_kv.ts";

/** One change of a commit; `value` is undefined for a key that was deleted. */
export interface Change {
  key: Deno.KvKey;
  value: unknown;
}

interface Row {
  key: Deno.KvKey;
  value: unknown;
  versionstamp: string;
}

interface Watcher {
  keys: ReadonlySet<string>;
  changed: () => void;
}

type CommitAnswer = Deno.KvCommitResult | Deno.KvCommitError;
type Apply = (
  checks: readonly Deno.AtomicCheck[],
  changes: readonly Change[],
) => CommitAnswer;
type EntryMaybe = Deno.KvEntryMaybe<unknown>;

const STAMP = Symbol("versionstamp of the commit");

export class ModelKv implements Deno.Kv {
  readonly #rows = new Map<string, Row>();
  /** Encoded keys in their order. */
  readonly #order: string[] = [];
  readonly #watchers = new Set<Watcher>();
  #commits = 0;
  /** Called with the changes of each commit, in the order of its mutations, once they can be read. */
  onCommit: (changes: readonly Change[]) => void = () => {};

  /** What a strong read gives now, without the waiting. */
  peek<T>(key: Deno.KvKey): T | null {
    return (this.#rows.get(encode(key))?.value ?? null) as T | null;
  }

  /** All rows whose keys begin so. */
  peekAll<T>(prefix: Deno.KvKey): { key: Deno.KvKey; value: T }[] {
    return this.#range({ prefix }).map(({ key, value }) => ({
      key,
      value: value as T,
    }));
  }

  get<T = unknown>(key: Deno.KvKey): Promise<Deno.KvEntryMaybe<T>> {
    return Promise.resolve(this.#entry(key) as Deno.KvEntryMaybe<T>);
  }

  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    const entries = keys.map((key) => this.#entry(key));
    return Promise.resolve(
      entries as { [K in keyof T]: Deno.KvEntryMaybe<T[K]> },
    );
  }

  list<T = unknown>(
    selector: Deno.KvListSelector,
    { limit = Infinity, reverse = false, cursor }: Deno.KvListOptions = {},
  ): Deno.KvListIterator<T> {
    return new ModelList<T>(() => {
      const rows = this.#range(selector);
      if (reverse) rows.reverse();
      const from = cursor === undefined
        ? 0
        : rows.findIndex(({ key }) => encode(key) === cursor) + 1;
      return rows.slice(from, from + limit) as Deno.KvEntry<T>[];
    });
  }

  atomic(): Deno.AtomicOperation {
    return new ModelAtomic(
      this,
      (checks, changes) => this.#commit(checks, changes),
    );
  }

  /** Tells when one of the keys changes; the first time at once, as Deno does. */
  watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
  ): ReadableStream<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    type Entries = { [K in keyof T]: Deno.KvEntryMaybe<T[K]> };
    let unsubscribe = () => {};
    return new ReadableStream<Entries>({
      start: (controller) => {
        const tell = () =>
          controller.enqueue(
            keys.map((key) => this.#entry(key)) as Entries,
          );
        unsubscribe = this.subscribe(keys, tell);
        tell();
      },
      cancel: () => unsubscribe(),
    });
  }

  /** Calls back whenever one of the keys changes. */
  subscribe(keys: readonly Deno.KvKey[], changed: () => void): () => void {
    const watcher = { keys: new Set(keys.map(encode)), changed };
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  commitVersionstamp(): symbol {
    return STAMP;
  }

  set(): never {
    throw new TypeError("Set outside an atomic");
  }

  delete(): never {
    throw new TypeError("Delete outside an atomic");
  }

  enqueue(): never {
    throw new TypeError("No queues here");
  }

  listenQueue(): never {
    throw new TypeError("No queues here");
  }

  close(): void {}

  [Symbol.dispose](): void {}

  #entry(key: Deno.KvKey): EntryMaybe {
    const row = this.#rows.get(encode(key));
    return row === undefined
      ? { key, value: null, versionstamp: null }
      : { ...row };
  }

  #range(selector: Deno.KvListSelector): Row[] {
    const prefix = "prefix" in selector ? encode(selector.prefix) : "";
    const start = "start" in selector ? encode(selector.start) : prefix;
    const end = "end" in selector ? encode(selector.end) : null;
    const rows: Row[] = [];
    for (let at = place(this.#order, start); at < this.#order.length; at += 1) {
      const encoded = this.#order[at];
      if (!encoded.startsWith(prefix)) break;
      // The last text of the prefix goes on with a zero byte here: it is another text.
      if (encoded[prefix.length] === "\xff") break;
      if (end !== null && encoded >= end) break;
      // A prefix is no part of its own range.
      if ("prefix" in selector && encoded === prefix) continue;
      rows.push(this.#rows.get(encoded)!);
    }
    return rows;
  }

  #commit(
    checks: readonly Deno.AtomicCheck[],
    changes: readonly Change[],
  ): CommitAnswer {
    for (const { key, versionstamp } of checks) {
      const found = this.#rows.get(encode(key))?.versionstamp ?? null;
      if (found !== versionstamp) return { ok: false };
    }
    this.#commits += 1;
    const versionstamp = `${this.#commits.toString(16).padStart(16, "0")}0000`;
    const placed = changes.map(({ key, value }) => ({
      key: key.map((part) =>
        part as unknown === STAMP ? versionstamp : part
      ) as Deno.KvKey,
      value,
    }));
    const touched = new Set<string>();
    for (const { key, value } of placed) {
      const encoded = encode(key);
      touched.add(encoded);
      const at = place(this.#order, encoded);
      const isThere = this.#order[at] === encoded;
      if (value === undefined) {
        if (isThere) this.#order.splice(at, 1);
        this.#rows.delete(encoded);
      } else {
        if (!isThere) this.#order.splice(at, 0, encoded);
        this.#rows.set(encoded, { key, value, versionstamp });
      }
    }
    this.onCommit(placed);
    for (const { keys, changed } of [...this.#watchers]) {
      if (!keys.isDisjointFrom(touched)) changed();
    }
    return { ok: true, versionstamp };
  }
}

class ModelAtomic extends WrappedAtomic {
  readonly #checks: Deno.AtomicCheck[] = [];
  readonly #changes: Change[] = [];
  readonly #apply: Apply;

  constructor(kv: ModelKv, apply: Apply) {
    // Nothing is passed on: each method that the program uses is overridden.
    super(kv as unknown as Deno.AtomicOperation);
    this.#apply = apply;
  }

  override check(...checks: Deno.AtomicCheck[]): this {
    this.#checks.push(...checks);
    return this;
  }

  override set(key: Deno.KvKey, value: unknown): this {
    this.#changes.push({ key, value: structuredClone(value) });
    return this;
  }

  override delete(key: Deno.KvKey): this {
    this.#changes.push({ key, value: undefined });
    return this;
  }

  override commit(): Promise<CommitAnswer> {
    return Promise.resolve(this.#apply(this.#checks, this.#changes));
  }
}

class ModelList<T> implements Deno.KvListIterator<T> {
  readonly #read: () => Deno.KvEntry<T>[];
  #rows: Deno.KvEntry<T>[] | null = null;
  #next = 0;

  constructor(read: () => Deno.KvEntry<T>[]) {
    this.#read = read;
  }

  get cursor(): string {
    const last = this.#rows?.[this.#next - 1];
    return last === undefined ? "" : encode(last.key);
  }

  next(): Promise<IteratorResult<Deno.KvEntry<T>, undefined>> {
    this.#rows ??= this.#read();
    const value = this.#rows[this.#next];
    if (value === undefined) {
      return Promise.resolve({ done: true, value: undefined });
    }
    this.#next += 1;
    return Promise.resolve({ done: false, value });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Deno.KvEntry<T>> {
    return this;
  }
}

/** Where a key is in the order, or would be. */
function place(order: readonly string[], encoded: string): number {
  let low = 0;
  let high = order.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (order[middle] < encoded) low = middle + 1;
    else high = middle;
  }
  return low;
}

const number = new DataView(new ArrayBuffer(8));

/** A key as a text that sorts as Deno KV sorts keys; for texts and numbers, which is all there is. */
function encode(key: Deno.KvKey): string {
  let encoded = "";
  for (const part of key) {
    if (typeof part === "string") {
      encoded += `\x02${part.replaceAll("\0", "\0\xff")}\0`;
    } else if (typeof part === "number") {
      number.setFloat64(0, part);
      let bits = number.getBigUint64(0);
      bits = part < 0 ? ~bits & 0xffffffffffffffffn : bits | (1n << 63n);
      encoded += `\x15${bits.toString(16).padStart(16, "0")}\0`;
    } else throw new TypeError(`Key part of type "${typeof part}"`);
  }
  return encoded;
}
