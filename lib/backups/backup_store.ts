/** What the store keeps about backups: what checks of them have found. */
import { backupCheckKey } from "@/lib/kv/keys.ts";
import { get, getMany } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { MadeBackup } from "./make_backup.ts";

/** What all of a backup was found to be. */
export interface BackupCheck {
  /** Milliseconds since 1970 UTC. */
  atMs: number;
  faults: readonly string[];
}

interface CheckRecord extends Versioned, BackupCheck {
  readonly v: 1;
}

/** A check that found much wrong need not be kept in full. */
const MOST_FAULTS = 10;
const MAX_FAULT_CHARACTERS = 300;
const KEPT_MS = 400 * 24 * 60 * 60 * 1_000;

export class BackupStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** The last checks of these backups, in their order. */
  async checks(
    ids: readonly string[],
    signal?: AbortSignal,
  ): Promise<(BackupCheck | null)[]> {
    const rows = await getMany<(CheckRecord | null)[]>(
      this.#store,
      ids.map(backupCheckKey),
      { signal },
    );
    return rows.map(({ value }) => value);
  }

  /** The change that keeps a check: it counts with the job that made it. */
  async keepCheck(
    id: string,
    faults: readonly string[],
    signal: AbortSignal,
  ): Promise<UnitOfWork> {
    const key = backupCheckKey(id);
    const { versionstamp } = await get(this.#store, key, { signal });
    const record: CheckRecord = {
      v: 1,
      atMs: this.#store.clock.now(),
      faults: faults.slice(0, MOST_FAULTS)
        .map((fault) => fault.slice(0, MAX_FAULT_CHARACTERS)),
    };
    // Ids are never used again, so a row that outlives its backup is nobody else's.
    return new UnitOfWork().check(key, versionstamp)
      .set(key, record, { expireInMs: KEPT_MS });
  }

  /** Tells of a new backup, with the job that made it. */
  made({ id, bytes, manifest }: MadeBackup): UnitOfWork {
    return new UnitOfWork().event(FIRST_WORKSPACE, {
      type: "backup.made",
      at: this.#store.clock.now(),
      subject: id,
      data: { backupId: id, bytes, origin: manifest.origin },
    });
  }
}
