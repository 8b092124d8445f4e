/** A store that passes everything on; what stands between overrides what it cares about. */
export class WrappedKv implements Deno.Kv {
  protected readonly inner: Deno.Kv;

  constructor(inner: Deno.Kv) {
    this.inner = inner;
  }

  get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    return this.inner.get<T>(key, options);
  }

  getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    return this.inner.getMany<T>(keys, options);
  }

  list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    return this.inner.list<T>(selector, options);
  }

  set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): Promise<Deno.KvCommitResult> {
    return this.inner.set(key, value, options);
  }

  delete(key: Deno.KvKey): Promise<void> {
    return this.inner.delete(key);
  }

  enqueue(
    value: unknown,
    options?: Parameters<Deno.Kv["enqueue"]>[1],
  ): Promise<Deno.KvCommitResult> {
    return this.inner.enqueue(value, options);
  }

  listenQueue(
    handler: Parameters<Deno.Kv["listenQueue"]>[0],
  ): Promise<void> {
    return this.inner.listenQueue(handler);
  }

  atomic(): Deno.AtomicOperation {
    return this.inner.atomic();
  }

  watch<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { raw?: boolean },
  ): ReadableStream<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    return this.inner.watch<T>(keys, options);
  }

  commitVersionstamp(): symbol {
    return this.inner.commitVersionstamp();
  }

  close(): void {
    this.inner.close();
  }

  [Symbol.dispose](): void {
    this.inner[Symbol.dispose]();
  }
}

/** An atomic that passes everything on. Its values are serialised when they are told, as Deno does. */
export class WrappedAtomic implements Deno.AtomicOperation {
  protected readonly inner: Deno.AtomicOperation;

  constructor(inner: Deno.AtomicOperation) {
    this.inner = inner;
  }

  check(...checks: Deno.AtomicCheck[]): this {
    this.inner.check(...checks);
    return this;
  }

  mutate(...mutations: Deno.KvMutation[]): this {
    this.inner.mutate(...mutations);
    return this;
  }

  sum(key: Deno.KvKey, n: bigint): this {
    this.inner.sum(key, n);
    return this;
  }

  min(key: Deno.KvKey, n: bigint): this {
    this.inner.min(key, n);
    return this;
  }

  max(key: Deno.KvKey, n: bigint): this {
    this.inner.max(key, n);
    return this;
  }

  set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): this {
    this.inner.set(key, value, options);
    return this;
  }

  delete(key: Deno.KvKey): this {
    this.inner.delete(key);
    return this;
  }

  enqueue(
    value: unknown,
    options?: Parameters<Deno.AtomicOperation["enqueue"]>[1],
  ): this {
    this.inner.enqueue(value, options);
    return this;
  }

  commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    return this.inner.commit();
  }
}
