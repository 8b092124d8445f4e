/** What events have told that alerts are about, in the store. */
import * as keys from "@/lib/kv/keys.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Signal, ToldSignalRecord } from "./alert_record.ts";

/** Rows of one workspace that are looked through. */
const MOST_ROWS = 500;

export class ToldSignalStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * What events have told, and the rows that stand for nothing any more.
   * @param workspaces all that there are
   */
  async all(
    workspaces: ReadonlySet<string>,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<{ signals: Signal[]; stale: Deno.KvKey[] }> {
    const signals: Signal[] = [];
    const stale: Deno.KvKey[] = [];
    const told = list<ToldSignalRecord>(this.#store, keys.toldSignals(null), {
      signal,
    });
    for await (const { key, value } of told) {
      const { workspace, subject, metric, period } = keys.parseToldSignalKey(
        key,
      );
      const { name, detail, untilMs } = value;
      const isOver = untilMs !== null && untilMs <= nowMs;
      if (isOver || !workspaces.has(workspace)) stale.push(key);
      else {
        signals.push({
          scope: workspace,
          metric: metric as Signal["metric"],
          series: `${subject} ${period}`,
          name,
          detail,
        });
      }
    }
    return { signals, stale };
  }

  /** Adds what an event has told to the unit that goes on behind it. */
  add(
    unit: Pick<UnitOfWork, "set">,
    { workspace, subject, metric, period }: {
      workspace: string;
      subject: string;
      metric: string;
      period: string;
    },
    record: ToldSignalRecord,
  ): void {
    unit.set(keys.toldSignalKey(workspace, subject, metric, period), record);
  }

  /** Adds to a unit that what was told of some subjects counts no more. */
  async drop(
    unit: Pick<UnitOfWork, "delete">,
    workspace: string,
    isMeant: (subject: string) => boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const rows = list(
      this.#store,
      keys.toldSignals({ workspace, subject: null }),
      { signal, limit: MOST_ROWS },
    );
    for await (const { key } of rows) {
      if (isMeant(keys.parseToldSignalKey(key).subject)) unit.delete(key);
    }
  }
}
