/** Rows that an erasure removes, in atomics that each carry its order on. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Erasure, ErasureRecord } from "./erasure_record.ts";
import { blobsIn } from "./erasure_scope.ts";

/** Rows that one atomic removes, at most. */
const ROWS_PER_ATOMIC = 100;

/** Another process is at the erasure, or it was ordered anew. */
export class ErasureContended extends Error {
  override readonly name = "ErasureContended";
}

/** Removes rows in atomics that each carry the order of the erasure on. */
export class ErasureBatch {
  readonly #store: Store;
  readonly #erasure: Erasure;
  #keys: Deno.KvKey[] = [];

  constructor(store: Store, erasure: Erasure) {
    this.#store = store;
    this.#erasure = erasure;
  }

  /** Removes a row after the blobs that it names, so that none is left without its name. */
  async remove(key: Deno.KvKey, value: unknown): Promise<void> {
    for (const { blob, parts } of blobsIn(value)) {
      for (let part = 0; part < parts; part += 1) {
        await this.#add(keys.blobPartKey(blob, part));
      }
    }
    await this.#add(key);
  }

  async #add(key: Deno.KvKey): Promise<void> {
    this.#keys.push(key);
    if (this.#keys.length >= ROWS_PER_ATOMIC) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#keys.length === 0) return;
    const unit = new UnitOfWork();
    for (const key of this.#keys) unit.delete(key);
    this.#keys = [];
    await carryOn(this.#store, this.#erasure, this.#erasure.record, unit);
  }
}

/** Commits a change together with a new version of the order. @throws {ErasureContended} */
export async function carryOn(
  store: Store,
  erasure: Erasure,
  record: ErasureRecord,
  unit: UnitOfWork = new UnitOfWork(),
): Promise<void> {
  const { workspace, user, versionstamp } = erasure;
  unit.guard(keys.erasureKey(workspace, user), versionstamp, record);
  const result = await commit(store, unit);
  if (!result.ok) throw new ErasureContended();
  erasure.record = record;
  erasure.versionstamp = result.versionstamp;
}
