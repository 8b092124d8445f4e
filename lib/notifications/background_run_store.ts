/** Runs that somebody has left to themselves, and is to be told of. */
import { commit } from "@/lib/kv/commit.ts";
import { backgroundRunKey, runKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { RunRecord } from "@/lib/chat/records.ts";
import type { BackgroundRunRecord } from "./notification_record.ts";

export class BackgroundRunStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Has somebody told of the end of a run. The event says so to whoever looks after ends: the run may
   * have ended before it was marked.
   */
  async mark(space: string, run: string, user: string): Promise<void> {
    const key = backgroundRunKey(space, run);
    while (true) {
      const { value, versionstamp } = await get<BackgroundRunRecord>(
        this.#store,
        key,
      );
      if (value !== null) return;
      const at = this.#store.clock.now();
      const record: BackgroundRunRecord = {
        v: 1,
        user,
        at,
        createdAt: new Date(at).toISOString(),
      };
      const unit = new UnitOfWork().guard(key, versionstamp, record)
        .event(space, {
          type: "run.backgrounded",
          at,
          subject: run,
          data: {},
        });
      if ((await commit(this.#store, unit)).ok) return;
    }
  }

  /** Who is to be told of a run; null: nobody. */
  async find(
    space: string,
    run: string,
    signal?: AbortSignal,
  ): Promise<BackgroundRunRecord | null> {
    const key = backgroundRunKey(space, run);
    const options = { signal };
    return (await get<BackgroundRunRecord>(this.#store, key, options)).value;
  }

  /** A run with how it stands; null when there is none. */
  async run(
    space: string,
    run: string,
    signal?: AbortSignal,
  ): Promise<RunRecord | null> {
    const options = { signal };
    return (await get<RunRecord>(this.#store, runKey(space, run), options))
      .value;
  }

  /** Adds to a unit that nobody is to be told of a run any more. */
  forget(unit: UnitOfWork, space: string, run: string): void {
    unit.delete(backgroundRunKey(space, run));
  }
}
