/** The rows of counts that a step of the counter reads and changes. */
import * as keys from "@/lib/kv/keys.ts";
import { getMany } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import {
  type JobCountsRow,
  type JobFlow,
  type JobMinuteRow,
  noCounts,
  noFlow,
  type StatusCounts,
} from "./job_count.ts";

/** Minutes are kept so long, in milliseconds. */
const KEPT_MS = 25 * 60 * 60_000;
/** Which count holds, and the jobs of all workspaces in it. */
interface TotalRow extends Versioned {
  readonly v: 1;
  readonly count: string;
  readonly kinds: Readonly<Record<string, StatusCounts>>;
}

/** The rows that a step reads and changes. Only who moves the cursor writes them, so they need no check. */
export class CountRows {
  readonly #store: Store;
  readonly #signal: AbortSignal;
  readonly #count: string;
  readonly #total: Record<string, StatusCounts>;
  readonly #counts = new Map<string, Record<string, StatusCounts>>();
  readonly #flows = new Map<string, {
    workspace: string;
    minuteMs: number;
    kinds: Record<string, JobFlow>;
  }>();
  #hasChanged: boolean;

  private constructor(
    store: Store,
    signal: AbortSignal,
    { count, kinds }: Pick<TotalRow, "count" | "kinds">,
    hasChanged: boolean,
  ) {
    this.#store = store;
    this.#signal = signal;
    this.#count = count;
    this.#total = structuredClone({ ...kinds });
    this.#hasChanged = hasChanged;
  }

  /** @param resync the count that a resync makes; without it, the one that holds */
  static async open(
    store: Store,
    signal: AbortSignal,
    resync?: { count: string; isNew: boolean },
  ): Promise<CountRows> {
    const [{ value }] = await getMany<TotalRow[]>(store, [keys.jobCountKey()], {
      signal,
    });
    const total = resync?.isNew || value === null
      ? { count: resync?.count ?? newToken(), kinds: {} }
      : value;
    return new CountRows(store, signal, total, resync !== undefined);
  }

  /** Rows that are to be written. */
  get size(): number {
    return this.#counts.size + this.#flows.size;
  }

  async change(
    workspace: string,
    kind: string,
    change: (counts: StatusCounts) => void,
  ): Promise<void> {
    let kinds = this.#counts.get(workspace);
    if (kinds === undefined) {
      const [{ value }] = await getMany<JobCountsRow[]>(
        this.#store,
        [keys.jobCountsKey(workspace)],
        { signal: this.#signal },
      );
      kinds = value?.count === this.#count ? structuredClone(value.kinds) : {};
      this.#counts.set(workspace, kinds);
    }
    change(kinds[kind] ??= noCounts());
    change(this.#total[kind] ??= noCounts());
    this.#hasChanged = true;
  }

  async flow(
    workspace: string,
    minuteMs: number,
    kind: string,
    change: (flow: JobFlow) => void,
  ): Promise<void> {
    const name = `${minuteMs} ${workspace}`;
    let row = this.#flows.get(name);
    if (row === undefined) {
      const [{ value }] = await getMany<JobMinuteRow[]>(
        this.#store,
        [keys.jobMinuteKey(workspace, minuteMs)],
        { signal: this.#signal },
      );
      row = { workspace, minuteMs, kinds: structuredClone(value?.kinds ?? {}) };
      this.#flows.set(name, row);
    }
    change(row.kinds[kind] ??= noFlow());
  }

  write(unit: UnitOfWork): void {
    if (!this.#hasChanged) return;
    const count = this.#count;
    unit.set(keys.jobCountKey(), { v: 1, count, kinds: this.#total });
    for (const [workspace, kinds] of this.#counts) {
      unit.set(keys.jobCountsKey(workspace), { v: 1, count, kinds });
    }
    for (const { workspace, minuteMs, kinds } of this.#flows.values()) {
      unit.set(
        keys.jobMinuteKey(workspace, minuteMs),
        { v: 1, kinds },
        { expireInMs: KEPT_MS },
      );
    }
  }
}
