/** A store that counts how often it is read. */
import { WrappedKv } from "./wrapped_kv.ts";

export class CountedKv extends WrappedKv {
  /** Calls that read: each is one round trip, or one for each batch of a list. */
  reads = 0;
  /** Atomics that were sent. */
  commits = 0;

  override get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    this.reads += 1;
    return super.get<T>(key, options);
  }

  override getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    this.reads += 1;
    return super.getMany<T>(keys, options);
  }

  override list<T = unknown>(
    selector: Deno.KvListSelector,
    options?: Deno.KvListOptions,
  ): Deno.KvListIterator<T> {
    // Lists of the program are read batch by batch, each a call of its own.
    this.reads += 1;
    return super.list<T>(selector, options);
  }

  override atomic(): Deno.AtomicOperation {
    this.commits += 1;
    return super.atomic();
  }
}
