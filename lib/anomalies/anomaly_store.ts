/** Anomalies and baselines in the store. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type {
  AnomalyRecord,
  AnomalyState,
  BaselineRecord,
} from "./anomaly_record.ts";

export interface LoadedState {
  state: AnomalyState;
  versionstamp: string | null;
}

/** A place in the list of anomalies. */
export interface AnomalyCursor {
  startMs: number;
  id: string;
}

const NEW_STATE: AnomalyState = {
  v: 1,
  baseline: null,
  scannedMs: null,
  open: [],
};

/** So long anomalies are kept, in milliseconds: 400 days. */
const KEPT_MS = 400 * 86_400_000;
/** Rows that one commit removes. */
const REMOVED_AT_A_TIME = 200;
/** Rows of one commit: each has some kilobytes. */
const BASELINES_PER_UNIT = 20;

export class AnomalyStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get nowMs(): number {
    return this.#store.clock.now();
  }

  /** All workspaces that were not deleted. */
  async workspaces(signal: AbortSignal): Promise<string[]> {
    const found: string[] = [];
    const rows = list<{ id: string; deletedAt?: number } & Versioned>(
      this.#store,
      keys.workspaces(),
      { signal },
    );
    for await (const { value } of rows) {
      if (value.deletedAt === undefined) found.push(value.id);
    }
    return found;
  }

  async state(workspace: string, signal?: AbortSignal): Promise<LoadedState> {
    const { value, versionstamp } = await get<AnomalyState>(
      this.#store,
      keys.anomalyStateKey(workspace),
      { signal },
    );
    return { state: value ?? NEW_STATE, versionstamp };
  }

  /**
   * Writes a state, and with it what has changed and what is told of it. False: somebody else has written
   * it meanwhile.
   */
  async setState(
    workspace: string,
    { state, versionstamp }: LoadedState,
    changed: readonly AnomalyRecord[],
    events: readonly OutboxEvent[],
    signal: AbortSignal,
  ): Promise<boolean> {
    const unit = new UnitOfWork()
      .guard(keys.anomalyStateKey(workspace), versionstamp, state);
    for (const record of changed) {
      unit.set(
        keys.anomalyKey(workspace, record.startMs, record.id),
        record,
        { expireInMs: KEPT_MS },
      );
    }
    for (const event of events) unit.event(workspace, event);
    return (await commit(this.#store, unit, { signal })).ok;
  }

  /** Anomalies, the latest first; it may hold some that are kept no longer. */
  async anomalies(
    workspace: string,
    before: AnomalyCursor | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<AnomalyRecord[]> {
    const rows = list<AnomalyRecord>(
      this.#store,
      keys.anomalies(workspace, before),
      { reverse: true, limit, signal },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /** What is usual, of everything that is watched. */
  async baselines(
    workspace: string,
    version: number,
    signal: AbortSignal,
  ): Promise<BaselineRecord[]> {
    const rows = list<BaselineRecord>(
      this.#store,
      keys.baselines(workspace, version),
      { signal },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /** The highest version of which there is anything, in use or not; 0: there is nothing. */
  async lastVersion(workspace: string, signal: AbortSignal): Promise<number> {
    const rows = list(this.#store, keys.baselines(workspace, null), {
      reverse: true,
      limit: 1,
      signal,
    });
    for await (const { key } of rows) return keys.parseBaselineKey(key);
    return 0;
  }

  /** Writes what is usual under a version that nobody reads yet. False: somebody else writes it, too. */
  async addBaselines(
    workspace: string,
    version: number,
    records: readonly BaselineRecord[],
    signal: AbortSignal,
  ): Promise<boolean> {
    for (let at = 0; at < records.length; at += BASELINES_PER_UNIT) {
      const unit = new UnitOfWork();
      const part = records.slice(at, at + BASELINES_PER_UNIT);
      for (const [place, record] of part.entries()) {
        const { dimension, key: id } = record;
        const key = keys.baselineKey(workspace, version, dimension, id);
        if (place === 0) unit.guard(key, null, record);
        else unit.set(key, record);
      }
      if (!(await commit(this.#store, unit, { signal })).ok) return false;
    }
    return true;
  }

  /** Removes what is usual by all versions before one: the one in use checks that it still is. */
  async removeBaselinesBefore(
    workspace: string,
    version: number,
    signal: AbortSignal,
  ): Promise<void> {
    while (true) {
      const loaded = await this.state(workspace, signal);
      if (loaded.state.baseline?.version !== version) return;
      const rows = list(this.#store, keys.baselines(workspace, null), {
        limit: REMOVED_AT_A_TIME,
        signal,
      });
      const unit = new UnitOfWork();
      for await (const { key } of rows) {
        if (keys.parseBaselineKey(key) < version) unit.delete(key);
      }
      if (unit.mutations.length === 0) return;
      unit.guard(
        keys.anomalyStateKey(workspace),
        loaded.versionstamp,
        loaded.state,
      );
      if (!(await commit(this.#store, unit, { signal })).ok) return;
    }
  }
}
