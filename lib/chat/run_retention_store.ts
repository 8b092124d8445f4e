/**
 * What is kept of ended runs, and how long: the events for minutes, so that clients come back to the very
 * place; the record for days. The answer itself is the thread's, and stays with that.
 */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import type { RunRecord } from "./records.ts";
import { sweepRows } from "./thread_store.ts";

/** How long something of an ended run is kept. */
export interface RunRetention {
  eventsMs: number;
  recordMs: number;
}

/** Rows that one entry of the lane removes. */
const ROWS_PER_ENTRY = 100;

/** The row by which the rest of an ended run is found; written with its end. */
export function retentionRow(
  space: string,
  run: RunRecord,
  retention: RunRetention,
): { key: Deno.KvKey; value: { v: 1 } } {
  const endedAtMs = Date.parse(run.finishedAt ?? run.startedAt);
  const eventsMs = eventsMsOf(run, retention);
  return {
    key: keys.runRetentionKey(endedAtMs + eventsMs, space, run.id),
    value: { v: 1 },
  };
}

function eventsMsOf(
  run: RunRecord | null,
  { eventsMs, recordMs }: RunRetention,
): number {
  return run?.keepsEvents ? recordMs : eventsMs;
}

export class RunRetentionStore {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #retention: RunRetention;

  constructor(store: Store, owner: Owner, retention: RunRetention) {
    this.#store = store;
    this.#owner = owner;
    this.#retention = retention;
  }

  /**
   * Removes what is kept no longer; safe in several processes at once, since nothing it removes comes
   * back.
   * @param nowMs milliseconds since 1970 UTC
   * @returns how many runs were looked at
   */
  async sweep(
    signal: AbortSignal,
    nowMs = this.#store.clock.now(),
  ): Promise<number> {
    let runs = 0;
    const due = list(this.#store, keys.runRetentions(nowMs), { signal });
    for await (const row of due) {
      signal.throwIfAborted();
      await this.#look(row, nowMs, signal);
      runs += 1;
    }
    return runs;
  }

  async #look(
    { key: row, versionstamp }: Deno.KvEntry<unknown>,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const { space, run: runId } = keys.parseRunRetentionKey(row);
    const runKey = keys.runKey(space, runId);
    const entry = await get<RunRecord>(this.#store, runKey, { signal });
    const run = entry.value;
    const endedAtMs = run?.finishedAt ? Date.parse(run.finishedAt) : -Infinity;
    // It goes on, or has ended anew since: that end has a row of its own.
    if (run !== null && !isEnded(run.status)) return await this.#drop([row]);
    const eventsMs = eventsMsOf(run, this.#retention);
    if (endedAtMs + eventsMs > nowMs) {
      return await this.#drop([row]);
    }
    const epochs = list(this.#store, keys.runLog(space, runId), { signal });
    const rows: Deno.KvKey[] = [];
    for await (const { key } of epochs) {
      // Of an interrupted run that goes on in this moment only what came before is known to be old.
      const { epoch } = keys.parseRunLogKey(key);
      if (run === null || epoch <= run.epoch) rows.push(key);
    }
    // A run that belonged to its request is of use to whoever comes back at once, and to nobody later.
    const recordDueMs = run?.isAttached
      ? endedAtMs + eventsMs
      : endedAtMs + this.#retention.recordMs;
    await this.#drop(rows);
    if (run === null) return await this.#drop([row]);
    if (recordDueMs <= nowMs) {
      // Checked, since somebody may let an interrupted run go on in this moment.
      const unit = new UnitOfWork()
        .check(runKey, entry.versionstamp)
        .guard(row, versionstamp, { v: 1 })
        .delete(runKey)
        .delete(keys.runControlKey(space, runId));
      for (const { key, value } of sweepRows(run.text ?? { inline: "" })) {
        unit.set(key, value);
      }
      const { ok } = await commit(this.#store, unit, { signal });
      return ok ? await this.#drop([row]) : undefined;
    }
    await this.#owner.incarnation.lane.write({
      sets: [{
        key: keys.runRetentionKey(recordDueMs, space, runId),
        value: { v: 1 },
      }],
      deletes: [row],
      urgency: "soon",
    });
  }

  async #drop(rows: readonly Deno.KvKey[]): Promise<void> {
    const { lane } = this.#owner.incarnation;
    for (let from = 0; from < rows.length; from += ROWS_PER_ENTRY) {
      const deletes = rows.slice(from, from + ROWS_PER_ENTRY);
      await lane.write({ deletes, urgency: "soon" });
    }
  }
}
