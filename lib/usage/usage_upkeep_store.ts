/** What upkeep of usage remembers: how far it is, and how it ended. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store, StoredValue, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { DAY_MS } from "./usage_grains.ts";

/** The last day that a job has done. */
export interface RebuildPlace {
  space: string;
  dayMs: number;
}

/** How a look at all days of a workspace has ended. */
export interface UsageCheckRecord extends Versioned {
  readonly v: 1;
  readonly atMs: number;
  readonly days: number;
  readonly requests: number;
  /** In words; the first of them where there are many. */
  readonly differences: readonly string[];
}

/** Jobs are tried again for less than that. */
const PLACE_KEPT_MS = 7 * DAY_MS;

export class UsageUpkeep {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** All workspaces by id. */
  async workspaces(signal: AbortSignal): Promise<string[]> {
    const ids = new Set([FIRST_WORKSPACE]);
    const rows = list<{ id: string } & Versioned>(
      this.#store,
      keys.workspaces(),
      { signal },
    );
    for await (const { value } of rows) ids.add(value.id);
    return [...ids].sort();
  }

  /** Where a job was when it ended too early; null: it has not begun. */
  async place(job: string, signal: AbortSignal): Promise<RebuildPlace | null> {
    const { value } = await get<RebuildPlace>(
      this.#store,
      keys.usageRebuildKey(job),
      { signal },
    );
    return value;
  }

  async keepPlace(
    job: string,
    { space, dayMs }: RebuildPlace,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#put(keys.usageRebuildKey(job), { v: 1, space, dayMs }, signal, {
      expireInMs: PLACE_KEPT_MS,
    });
  }

  /** Whether all that there is in the ledger has once been added up, or would have been. */
  async isWhole(signal: AbortSignal): Promise<boolean> {
    const { versionstamp } = await get(this.#store, keys.usageWholeKey(), {
      signal,
    });
    return versionstamp !== null;
  }

  async setWhole(signal: AbortSignal): Promise<void> {
    await this.#put(keys.usageWholeKey(), { v: 1 }, signal);
  }

  /** How the last look at a workspace ended; null: nobody has looked. */
  async lastCheck(
    space: string,
    signal: AbortSignal,
  ): Promise<UsageCheckRecord | null> {
    const { value } = await get<UsageCheckRecord>(
      this.#store,
      keys.usageCheckKey(space),
      { signal },
    );
    return value;
  }

  async keepCheck(
    space: string,
    record: UsageCheckRecord,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#put(keys.usageCheckKey(space), record, signal);
  }

  /** Overwrites a row; what somebody else has written meanwhile is as good. */
  async #put(
    key: Deno.KvKey,
    value: StoredValue,
    signal: AbortSignal,
    options: { expireInMs?: number } = {},
  ): Promise<void> {
    const { versionstamp } = await get(this.#store, key, { signal });
    const unit = new UnitOfWork().guard(key, versionstamp, value, options);
    await commit(this.#store, unit, { signal });
  }
}
