/** Alerts in the store. Their states are written by one incarnation, under a lease that each write checks. */
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type {
  AlertLeaseRecord,
  AlertPlace,
  AlertRecord,
  EndedAlertRecord,
} from "./alert_record.ts";

/** The right to write states. */
export interface AlertLease {
  readonly holder: string;
  readonly versionstamp: string;
  /** Of the holder's fence: it counts as long as that stands. */
  readonly fence: string;
}

/** What one look has changed. */
export interface AlertChange {
  place: AlertPlace;
  /** Null: it is well. */
  record: AlertRecord | null;
  ended: EndedAlertRecord | null;
  /** What people are told, and the space whose events it is among. */
  event: { space: string; event: OutboxEvent } | null;
}

/** A place in the history of a scope. */
export interface EndedPlace {
  atMs: number;
  mark: string;
}

/** So long what is over is kept, in milliseconds: 90 days. */
const HISTORY_MS = 90 * 86_400_000;
/** Alerts that one scope shows, at most. */
const MOST_STATES = 500;
/** Changes of one atomic: each has an event of up to two kilobytes. */
const CHANGES_PER_UNIT = 20;
/** Rows that are tidied up at a time. */
const TIDIED = 50;

export class AlertStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  get isReadOnly(): boolean {
    return this.#store.readOnly;
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

  /**
   * The lease, if it is this incarnation's or can be: nobody has it, or who has it was fenced.
   * @returns null while another incarnation has it, or when this one does not count any more
   */
  async lease(own: string, signal: AbortSignal): Promise<AlertLease | null> {
    const [lease, fence] = await getMany<[AlertLeaseRecord, Versioned]>(
      this.#store,
      [keys.alertLeaseKey(), keys.fenceKey(own)],
      { signal },
    );
    if (fence.versionstamp === null) return null;
    if (lease.value?.holder === own) {
      return {
        holder: own,
        versionstamp: lease.versionstamp!,
        fence: fence.versionstamp,
      };
    }
    if (lease.value !== null) {
      const other = await get(
        this.#store,
        keys.fenceKey(lease.value.holder),
        { signal },
      );
      if (other.versionstamp !== null) return null;
    }
    return await this.#write(
      {
        holder: own,
        versionstamp: lease.versionstamp,
        fence: fence.versionstamp,
      },
      new UnitOfWork(),
      signal,
    );
  }

  async #write(
    { holder, versionstamp, fence }: Omit<AlertLease, "versionstamp"> & {
      versionstamp: string | null;
    },
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<AlertLease | null> {
    unit.check(keys.fenceKey(holder), fence).guard(
      keys.alertLeaseKey(),
      versionstamp,
      { v: 1, holder } satisfies AlertLeaseRecord,
    );
    const result = await commit(this.#store, unit, { signal });
    return result.ok
      ? { holder, fence, versionstamp: result.versionstamp }
      : null;
  }

  /**
   * Writes what has changed, some at a time; `written` hears of each part that is in the store.
   * @returns the lease as it is then; null: it is another incarnation's, and the rest was not written
   */
  async change(
    lease: AlertLease,
    changes: readonly AlertChange[],
    written: (changes: readonly AlertChange[]) => void,
    signal: AbortSignal,
  ): Promise<AlertLease | null> {
    let held: AlertLease | null = lease;
    for (let at = 0; at < changes.length; at += CHANGES_PER_UNIT) {
      const part = changes.slice(at, at + CHANGES_PER_UNIT);
      const unit = new UnitOfWork();
      for (const change of part) add(unit, change);
      held = await this.#write(held, unit, signal);
      if (held === null) return null;
      written(part);
    }
    return held;
  }

  /** Removes what no rule and no reader has use for, under the lease. */
  async tidy(
    lease: AlertLease,
    rows: readonly Deno.KvKey[],
    signal: AbortSignal,
  ): Promise<AlertLease | null> {
    if (rows.length === 0) return lease;
    const unit = new UnitOfWork();
    for (const key of rows.slice(0, TIDIED)) unit.delete(key);
    return await this.#write(lease, unit, signal);
  }

  /** The alerts of a scope that wait to fire or fire; null: of all scopes. */
  async states(
    scope: string | null,
    signal?: AbortSignal,
  ): Promise<AlertRecord[]> {
    const limit = scope === null ? undefined : MOST_STATES;
    const rows = list<AlertRecord>(this.#store, keys.alertStates(scope), {
      signal,
      limit,
    });
    const found: AlertRecord[] = [];
    for await (const { value } of rows) found.push(value);
    return found;
  }

  /** What ended in a scope before a place (null: all), the latest first. */
  async ended(
    scope: string,
    before: EndedPlace | null,
    limit: number,
    signal?: AbortSignal,
  ): Promise<{ place: EndedPlace; record: EndedAlertRecord }[]> {
    const rows = list<EndedAlertRecord>(
      this.#store,
      keys.endedAlerts(scope, before),
      { signal, limit, reverse: true },
    );
    const found: { place: EndedPlace; record: EndedAlertRecord }[] = [];
    for await (const { key, value } of rows) {
      found.push({ place: keys.parseEndedAlertKey(key), record: value });
    }
    return found;
  }
}

function add(
  unit: UnitOfWork,
  { place: { scope, rule, series }, record, ended, event }: AlertChange,
): void {
  const key = keys.alertStateKey(scope, rule, series);
  if (record === null) unit.delete(key);
  else unit.set(key, record);
  if (ended !== null) {
    unit.set(
      keys.endedAlertKey(scope, ended.endedAtMs, `${rule} ${series} ${scope}`),
      ended,
      { expireInMs: HISTORY_MS },
    );
  }
  if (event !== null) unit.event(event.space, event.event);
}
