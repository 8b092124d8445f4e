/** What the stores of this room have in common: changes that are put together and committed as one. */
import { commit } from "@/lib/kv/commit.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Loaded } from "./records.ts";

export class UnitStore {
  protected readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Milliseconds since 1970 UTC, as the store's clock has it. */
  now(): number {
    return this.store.clock.now();
  }

  /** Milliseconds that only grow, from an arbitrary start. */
  monotonic(): number {
    return this.store.clock.monotonic();
  }

  /** What `now` gives, as a text. */
  timestamp(): string {
    return new Date(this.now()).toISOString();
  }

  /** Commits parts of one change together; false: one of them was overtaken, and nothing was written. */
  async commit(...parts: UnitOfWork[]): Promise<boolean> {
    const whole = new UnitOfWork();
    for (const part of parts) whole.add(part);
    return (await commit(this.store, whole)).ok;
  }

  protected async load<T>(key: Deno.KvKey): Promise<Loaded<T>> {
    return loaded(await get<T>(this.store, key));
  }
}

/** An entry of the store as services see it. */
export function loaded<T>(entry: Deno.KvEntryMaybe<T>): Loaded<T> {
  return entry.versionstamp === null
    ? { record: null, versionstamp: null }
    : { record: entry.value, versionstamp: entry.versionstamp };
}
