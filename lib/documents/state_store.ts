/** What the work on a document goes on with, and its profile: bytes in parts under a fresh id. */
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { getMany } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { StateRef } from "./document_record.ts";

interface PartRecord {
  readonly v: 1;
  readonly bytes: Uint8Array;
}

const PART_BYTES = 60 * 1024;
const PARTS_PER_UNIT = 5;

export class StateStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Stores bytes; whoever names them stores the reference. */
  async write(
    space: string,
    document: string,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<StateRef> {
    const id = newToken();
    const parts = Math.ceil(bytes.length / PART_BYTES);
    for (let first = 0; first < parts; first += PARTS_PER_UNIT) {
      const unit = new UnitOfWork();
      const end = Math.min(first + PARTS_PER_UNIT, parts);
      for (let part = first; part < end; part += 1) {
        const from = part * PART_BYTES;
        // A copy, since a view would be stored together with all of its buffer.
        const value = { v: 1, bytes: bytes.slice(from, from + PART_BYTES) };
        const key = keys.documentStateKey(space, document, id, part);
        if (part === first) unit.guard(key, null, value);
        else unit.set(key, value);
      }
      const { ok } = await commit(this.#store, unit, { signal });
      if (!ok) throw new StorageError(`State "${id}" exists already`);
    }
    return { id, parts };
  }

  /** @throws {StorageError} when a part is gone */
  async read(
    space: string,
    document: string,
    { id, parts }: StateRef,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const rows = await getMany<PartRecord[]>(
      this.#store,
      Array.from(
        { length: parts },
        (_, part) => keys.documentStateKey(space, document, id, part),
      ),
      { signal },
    );
    const found = rows.map(({ value }) => {
      if (value === null) {
        throw new StorageError("What the work goes on with is gone.");
      }
      return value.bytes;
    });
    const length = found.reduce((sum, part) => sum + part.length, 0);
    const whole = new Uint8Array(length);
    let at = 0;
    for (const part of found) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  }
}
