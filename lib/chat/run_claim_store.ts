/**
 * Runs whose owner is gone, in the store: what it left of them, and how they are taken over. Every write
 * checks the run's record and this process's own fence, so of several that take over one wins.
 */
import type { Clock } from "@/lib/clock.ts";
import { commit } from "@/lib/kv/commit.ts";
import { owned, type OwnedRow } from "@/lib/kv/fence.ts";
import { tellOwner } from "@/lib/kv/inbox.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { ledgerRows } from "@/lib/kv/pages.ts";
import type { LaneHead } from "@/lib/kv/lane_writer.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { PlacedEvent } from "@/lib/streams/live_run.ts";
import type { LogSlice } from "@/lib/streams/log_codec.ts";
import {
  joinSlices,
  readLogPages,
  readSegments,
} from "@/lib/streams/log_reader.ts";
import type { LedgerRow } from "@/lib/usage/ledger_row.ts";
import { ledgerEntry } from "@/lib/usage/ledger_store.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { looseEnd } from "./loose_run_store.ts";
import type { RunRecord, StoredText } from "./records.ts";
import type { OwnedRun, RunStore } from "./run_store.ts";
import { retentionRow } from "./run_retention_store.ts";
import { activityOf, answerOf, expiryOfRun, runEvents } from "./run_rows.ts";
import {
  LIST_ENTRY,
  listKey,
  openTextKeys,
  type ThreadStore,
} from "./thread_store.ts";

/** A run whose owner is fenced, with what had reached the store. */
export interface OrphanedRun {
  space: string;
  record: RunRecord;
  versionstamp: string;
  /** Events of its last epoch. */
  events: PlacedEvent[];
  /** Somebody has asked to stop it. */
  isStopped: boolean;
  controlVersionstamp: string | null;
}

/** What a dead incarnation left in the shared pages of the log. */
export interface LeftPages {
  slices: Map<string, LogSlice[]>;
  keys: Deno.KvKey[];
}

interface ControlRecord {
  v: 1;
  stop: boolean;
  at: number;
}

/** Log pages that one entry of the lane deletes. */
const PAGES_PER_ENTRY = 100;

export class RunClaimStore {
  readonly #store: Store;
  readonly #owner: Owner;
  readonly #runs: RunStore;
  readonly #threads: ThreadStore;

  constructor(
    store: Store,
    owner: Owner,
    runs: RunStore,
    threads: ThreadStore,
  ) {
    this.#store = store;
    this.#owner = owner;
    this.#runs = runs;
    this.#threads = threads;
  }

  /** Time, as the store has it. */
  get clock(): Clock {
    return this.#store.clock;
  }

  async readLeftPages(incarnation: string): Promise<LeftPages> {
    return await readLogPages(this.#store, incarnation);
  }

  /** When an incarnation wrote last, milliseconds since 1970 UTC; null when that is not known any more. */
  async lastSeen(incarnation: string): Promise<number | null> {
    const heads = await Array.fromAsync(
      list<LaneHead>(this.#store, keys.lanesOf(incarnation)),
    );
    return heads.length === 0
      ? null
      : Math.max(...heads.map(({ value }) => value.at));
  }

  /** What an incarnation owns, read now. */
  owned(incarnation: string): AsyncGenerator<OwnedRow> {
    return owned(this.#store, incarnation, undefined);
  }

  /** Removes the pages of an incarnation whose runs have all been taken over. */
  async dropPages({ keys: pages }: LeftPages): Promise<void> {
    const { lane } = this.#owner.incarnation;
    for (let from = 0; from < pages.length; from += PAGES_PER_ENTRY) {
      const deletes = pages.slice(from, from + PAGES_PER_ENTRY);
      await lane.write({ deletes, urgency: "soon" });
    }
  }

  /** Ends an ownership that stands for nothing any more. */
  async dropOwnership(key: Deno.KvKey): Promise<void> {
    await this.#owner.incarnation.lane.write({
      deletes: [key],
      urgency: "soon",
    });
  }

  /**
   * Takes a run out of those of which it is not known whether this process has come to own them. False:
   * it is none of them.
   */
  takeUnsure(runId: string): boolean {
    return this.#runs.unsure.delete(runId);
  }

  /** Nothing has become of a run that `takeUnsure` took out. */
  putUnsure(runId: string): void {
    this.#runs.unsure.add(runId);
  }

  /** Loads what a dead owner left of a run; null when the run is not its any more, or has ended. */
  async load(
    space: string,
    owner: string,
    runId: string,
    slices: readonly LogSlice[],
  ): Promise<OrphanedRun | null> {
    const [run, control] = await getMany<[RunRecord, ControlRecord]>(
      this.#store,
      [
        keys.runKey(space, runId),
        keys.runControlKey(space, runId),
      ],
    );
    const record = run.value;
    if (record === null || isEnded(record.status) || record.owner !== owner) {
      return null;
    }
    const of = { space, run: runId, epoch: record.epoch };
    const segments = await readSegments(this.#store, of, -1);
    return {
      space,
      record,
      versionstamp: run.versionstamp,
      events: joinSlices(record.epoch, segments, slices),
      isStopped: control.value?.stop ?? false,
      controlVersionstamp: control.versionstamp,
    };
  }

  /**
   * Takes a run over, to begin its next attempt. Null: another process was faster, or it was stopped.
   * @param record in its new state; its owner is set here
   * @param ledger what the attempt of the dead owner cost, by estimate
   */
  async takeOver(
    orphan: OrphanedRun,
    record: RunRecord,
    ledger: LedgerRow | null,
  ): Promise<OwnedRun | null> {
    const { incarnation } = this.#owner;
    const { space } = orphan;
    const run: RunRecord = { ...record, owner: incarnation.id };
    const own = keys.ownKey(incarnation.id, "r", run.id);
    const unit = this.#claim(orphan, run, ledger)
      .set(own, { v: 1, ws: space });
    return await this.#runs.commitOwning(unit, run.id)
      ? this.#runs.own(space, run, incarnation)
      : null;
  }

  /** Ends a run in the place of its dead owner, with a text. False: another process was faster. */
  async end(
    orphan: OrphanedRun,
    record: RunRecord,
    text: string,
    ledger: LedgerRow | null,
  ): Promise<boolean> {
    const { space } = orphan;
    const { expireInMs } = expiryOfRun(record);
    const stored = await this.#threads.writeText(text, expireInMs);
    const isLoose = record.source !== undefined;
    const run = isLoose ? { ...record, text: stored } : record;
    const unit = this.#claim(orphan, run, ledger);
    if (!isLoose) {
      this.#endThread(unit, orphan, record, stored);
    } else {
      const { sets, deletes } = await looseEnd(
        this.#store,
        space,
        record,
        stored,
        this.#runs.retention,
      );
      for (const { key, value } of sets) unit.set(key, value);
      for (const key of deletes) unit.delete(key);
    }
    return (await commit(this.#store, unit)).ok;
  }

  /** What the end of a run says about its thread. */
  #endThread(
    unit: UnitOfWork,
    orphan: OrphanedRun,
    record: RunRecord,
    stored: StoredText,
  ): void {
    const { space } = orphan;
    const expiry = expiryOfRun(record);
    const { threadId, messageId } = record;
    const activity = activityOf(record);
    const before = activityOf(orphan.record).updatedAt;
    unit.set(
      keys.messageKey(space, threadId, messageId),
      answerOf(record, stored),
      expiry,
    )
      .set(keys.threadActivityKey(space, threadId), activity, expiry);
    for (const open of openTextKeys(stored)) unit.delete(open);
    if (record.temporary) return;
    unit.delete(listKey(space, threadId, before))
      .set(listKey(space, threadId, activity.updatedAt), LIST_ENTRY);
    const kept = retentionRow(space, record, this.#runs.retention);
    unit.set(kept.key, kept.value);
  }

  #claim(
    orphan: OrphanedRun,
    run: RunRecord,
    ledger: LedgerRow | null,
  ): UnitOfWork {
    const { space, record } = orphan;
    const control = keys.runControlKey(space, run.id);
    const unit = this.#owner.incarnation.checkFence(new UnitOfWork())
      .guard(
        keys.runKey(space, run.id),
        orphan.versionstamp,
        run,
        expiryOfRun(run),
      )
      .check(control, orphan.controlVersionstamp)
      .delete(keys.ownKey(record.owner, "r", run.id));
    const atMs = this.#store.clock.now();
    for (const event of runEvents(run, atMs)) unit.event(space, event);
    if (ledger !== null) {
      // A page of its own: run and epoch take the place of incarnation and batch.
      const page = {
        incarnation: record.id,
        lane: 0,
        n: record.epoch,
        atMs,
      };
      const entry = ledgerEntry(space, ledger);
      for (const { key, value } of ledgerRows(page, [entry])) {
        unit.set(key, value);
      }
    }
    return unit;
  }

  /**
   * Asks the owner of a run, in whatever process, to stop it. `told`: it will. `moved`: the run's state
   * changed meanwhile. `gone`: the owner is fenced, so nobody would hear.
   */
  async requestStop(
    space: string,
    runId: string,
  ): Promise<{ state: "told" | "moved" } | { state: "gone"; owner: string }> {
    const [run, control] = await getMany<[RunRecord, ControlRecord]>(
      this.#store,
      [
        keys.runKey(space, runId),
        keys.runControlKey(space, runId),
      ],
    );
    if (run.value === null || isEnded(run.value.status)) {
      return { state: "moved" };
    }
    const { owner } = run.value;
    const fence = keys.fenceKey(owner);
    const born = await get(this.#store, fence);
    const isGone = born.versionstamp === null;
    if (control.value?.stop) {
      return isGone ? { state: "gone", owner } : { state: "told" };
    }
    const unit = new UnitOfWork()
      .check(keys.runKey(space, runId), run.versionstamp)
      .check(fence, born.versionstamp)
      .guard(
        keys.runControlKey(space, runId),
        control.versionstamp,
        { v: 1, stop: true, at: this.#store.clock.now() },
        expiryOfRun(run.value),
      );
    if (!isGone) {
      tellOwner(unit, owner, { kind: "stop", ws: space, id: runId });
    }
    const { ok } = await commit(this.#store, unit);
    if (!ok) return { state: "moved" };
    return isGone ? { state: "gone", owner } : { state: "told" };
  }

  /** Tells the owner of a run that a process reads the run's log; for a while, so again and again. */
  async requestFollow(space: string, run: RunRecord): Promise<void> {
    const fence = keys.fenceKey(run.owner);
    const born = await get(this.#store, fence);
    if (born.versionstamp === null) return;
    const unit = new UnitOfWork().check(fence, born.versionstamp);
    await commit(
      this.#store,
      tellOwner(unit, run.owner, {
        kind: "follow",
        ws: space,
        id: run.id,
      }),
    );
  }
}
