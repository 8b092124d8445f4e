import { commit } from "./commit.ts";
import {
  holdLock,
  type IncarnationLock,
  seizeLock,
} from "./incarnation_lock.ts";
import { migrationKey } from "./keys.ts";
import { get } from "./reads.ts";
import type { Store, Versioned } from "./store.ts";
import { newToken } from "./token.ts";
import { UnitOfWork } from "./unit_of_work.ts";
import { sleep } from "@/lib/clock.ts";

/** Who migrates, where to, and how far it is. */
interface MigrationRecord extends Versioned {
  readonly v: 1;
  readonly holder: string;
  readonly to: number;
  /** Key of the last row that is done. */
  readonly cursor: Deno.KvKey | null;
}

/** A lease that does not move for so long belongs to nobody. */
const LEASE_MS = 10_000;
const LOOK_MS = 250;

/**
 * The right to migrate. Each commit of the holder checks and moves the record, so a holder that has
 * lost it, however late it comes back, changes nothing any more; time only decides when others try.
 */
export class MigrationLease {
  readonly #store: Store;
  readonly #record: MigrationRecord;
  readonly #lock: IncarnationLock | null;
  #versionstamp: string;
  #cursor: Deno.KvKey | null;

  private constructor(
    store: Store,
    record: MigrationRecord,
    versionstamp: string,
    lock: IncarnationLock | null,
  ) {
    this.#store = store;
    this.#record = record;
    this.#versionstamp = versionstamp;
    this.#cursor = record.cursor;
    this.#lock = lock;
  }

  /** Key of the last row that is done, or null at the beginning. */
  get cursor(): Deno.KvKey | null {
    return this.#cursor;
  }

  /**
   * Takes the lease once it is free; null when it has moved or gone meanwhile, which is to say: look
   * again at what is left to do.
   */
  static async take(
    store: Store,
    to: number,
    signal?: AbortSignal,
  ): Promise<MigrationLease | null> {
    const found = await get<MigrationRecord>(store, migrationKey(), { signal });
    if (found.value !== null && !await isFree(store, found, signal)) {
      return null;
    }
    const holder = `mig_${newToken()}`;
    const lock = store.path === null
      ? null
      : await holdLock(store.path, holder);
    const cursor = found.value?.to === to ? found.value.cursor : null;
    const record: MigrationRecord = { v: 1, holder, to, cursor };
    const unit = new UnitOfWork()
      .guard(migrationKey(), found.versionstamp, record);
    const result = await commit(store, unit, { signal });
    if (!result.ok) {
      await lock?.release();
      return null;
    }
    return new MigrationLease(store, record, result.versionstamp, lock);
  }

  /** Commits what the unit holds together with the new place. False: a row or the lease has moved. */
  async advance(
    unit: UnitOfWork,
    cursor: Deno.KvKey,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const record: MigrationRecord = { ...this.#record, cursor };
    unit.guard(migrationKey(), this.#versionstamp, record);
    const result = await commit(this.#store, unit, { signal });
    if (!result.ok) return false;
    this.#versionstamp = result.versionstamp;
    this.#cursor = cursor;
    return true;
  }

  /** Whether the lease is still this one's. */
  async isHeld(signal?: AbortSignal): Promise<boolean> {
    const found = await get(this.#store, migrationKey(), { signal });
    return found.versionstamp === this.#versionstamp;
  }

  /** Adds the end of the migration to a unit. */
  end(unit: UnitOfWork): UnitOfWork {
    return unit.check(migrationKey(), this.#versionstamp)
      .delete(migrationKey());
  }

  /** Lets others see at once that this process no longer migrates. */
  async letGo(): Promise<void> {
    await this.#lock?.release();
  }
}

/** Whether a lease has no living holder: by its lock on a file, else when it does not move. */
async function isFree(
  store: Store,
  found: Deno.KvEntry<MigrationRecord>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (store.path !== null) {
    const lock = await seizeLock(store.path, found.value.holder);
    await lock?.release();
    if (lock !== null) return true;
  }
  const { clock } = store;
  const since = clock.monotonic();
  while (clock.monotonic() - since < LEASE_MS) {
    await sleep(clock, LOOK_MS, signal);
    signal?.throwIfAborted();
    const now = await get(store, migrationKey(), { signal });
    if (now.versionstamp !== found.versionstamp) return false;
  }
  return true;
}
