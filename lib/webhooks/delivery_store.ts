/** Rows of deliveries, and of the events that are delivered, which outlive the log. */
import type { EventPlace } from "@/lib/events/event_view.ts";
import { isOver, type JobRecord } from "@/lib/jobs/job_record.ts";
import type { JobStore } from "@/lib/jobs/job_store.ts";
import { commit } from "@/lib/kv/commit.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { DeliveryRecord, MessageRecord } from "./webhook_record.ts";

/** A record with the versionstamp that a change of it checks. */
export interface LoadedDelivery {
  /** The webhook's space. */
  space: string;
  record: DeliveryRecord;
  versionstamp: string;
}

/** One event for one webhook, with the job that delivers it. */
export interface NewDelivery {
  job: JobRecord;
  webhook: string;
  message: MessageRecord;
  /** What the same delivery was until now. */
  before?: DeliveryRecord;
}

const DELETES_PER_UNIT = 250;

export class DeliveryStore {
  readonly #store: Store;
  readonly #jobs: JobStore;

  constructor(store: Store, jobs: JobStore) {
    this.#store = store;
    this.#jobs = jobs;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  /** A unit of work for what follows from a job. */
  newUnit(): UnitOfWork {
    return new UnitOfWork();
  }

  /** Adds deliveries, with their jobs, to a unit that has a guard of its own. */
  add(unit: UnitOfWork, deliveries: readonly NewDelivery[]): UnitOfWork {
    const messages = new Set<string>();
    for (const { job, webhook, message, before } of deliveries) {
      const { space } = job;
      const { event, type, at } = message;
      const place = `${space} ${event.versionstamp} ${event.index}`;
      if (!messages.has(place)) {
        messages.add(place);
        unit.set(keys.webhookMessageKey(space, event), message);
      }
      const delivery: DeliveryRecord = {
        v: 1,
        webhook,
        event,
        type,
        at,
        state: "waiting",
        job: job.id,
        tries: before?.tries ?? 0,
        attempts: before?.attempts ?? [],
        nextAt: job.runAt,
        keptAt: this.clock.now(),
      };
      unit.set(keys.webhookDeliveryKey(space, webhook, event), delivery);
      this.#jobs.add(unit, job);
    }
    return unit;
  }

  /** Adds a job, to a unit that has a guard of its own. */
  addJob(unit: UnitOfWork, job: JobRecord): UnitOfWork {
    return this.#jobs.add(unit, job);
  }

  async message(
    space: string,
    event: EventPlace,
  ): Promise<MessageRecord | null> {
    const key = keys.webhookMessageKey(space, event);
    return (await get<MessageRecord>(this.#store, key)).value;
  }

  async load(
    space: string,
    webhook: string,
    event: EventPlace,
  ): Promise<LoadedDelivery | null> {
    const key = keys.webhookDeliveryKey(space, webhook, event);
    const { value, versionstamp } = await get<DeliveryRecord>(this.#store, key);
    return value === null || value.event.generation !== event.generation
      ? null
      : { space, record: value, versionstamp: versionstamp! };
  }

  /**
   * Deliveries as they are seen with their jobs: where the job has ended without a word to its delivery
   * (cancelled, or dead with its process), nothing is on its way any more.
   */
  async withJobs(
    space: string,
    records: readonly DeliveryRecord[],
  ): Promise<DeliveryRecord[]> {
    return await Promise.all(records.map(async (record) => {
      const { state, job } = record;
      if (state !== "waiting" && state !== "sending") return record;
      const loaded = await this.#jobs.load(space, job);
      if (loaded !== null && !isOver(loaded.record)) return record;
      // A job that is done has told its delivery in the same atomic, after that was read perhaps.
      const now = await this.load(space, record.webhook, record.event);
      const isLeft = now === null ||
        (now.record.job === job && now.record.state === state);
      return isLeft ? { ...record, state: "failed", nextAt: null } : now.record;
    }));
  }

  /** Newest events first. */
  async page(
    space: string,
    webhook: string,
    { before, limit }: { before: EventPlace | null; limit: number },
    signal?: AbortSignal,
  ): Promise<DeliveryRecord[]> {
    const rows = list<DeliveryRecord>(
      this.#store,
      keys.webhookDeliveries(space, webhook, before),
      { reverse: true, limit, signal },
    );
    return (await Array.fromAsync(rows)).map(({ value }) => value);
  }

  /** Writes the next state, apart. Null: it has changed meanwhile. */
  async write(
    loaded: LoadedDelivery,
    record: DeliveryRecord,
  ): Promise<LoadedDelivery | null> {
    const result = await commit(this.#store, this.change(loaded, record));
    return result.ok
      ? { ...loaded, record, versionstamp: result.versionstamp }
      : null;
  }

  /** The next state as part of a unit. */
  change(
    { space, versionstamp }: LoadedDelivery,
    record: DeliveryRecord,
  ): UnitOfWork {
    const key = keys.webhookDeliveryKey(space, record.webhook, record.event);
    return new UnitOfWork().guard(key, versionstamp, record);
  }

  /** Sends one again, by a new job. False: it has changed meanwhile. */
  async again(loaded: LoadedDelivery, job: JobRecord): Promise<boolean> {
    const unit = this.change(loaded, {
      ...loaded.record,
      state: "waiting",
      job: job.id,
      nextAt: job.runAt,
      keptAt: this.clock.now(),
    });
    return (await commit(this.#store, this.#jobs.add(unit, job))).ok;
  }

  /**
   * Removes what is kept of a webhook beyond the newest deliveries, and what is older than a time.
   * @param keep deliveries; 0: all go, and with them the index row of a webhook that is gone
   */
  async sweep(
    { workspace, webhook, space }: {
      workspace: string;
      webhook: string;
      space: string;
    },
    { keep, beforeMs }: { keep: number; beforeMs: number },
    signal: AbortSignal,
  ): Promise<number> {
    const old: Deno.KvKey[] = [];
    let seen = 0;
    const rows = list<DeliveryRecord>(
      this.#store,
      keys.webhookDeliveries(space, webhook, null),
      { reverse: true, signal },
    );
    for await (const { key, value } of rows) {
      seen += 1;
      if (seen > keep || value.keptAt < beforeMs) old.push(key);
    }
    await this.#delete(workspace, webhook, old);
    if (keep > 0) return old.length;
    const key = keys.webhookIndexKey(workspace, webhook);
    const row = await get<{ v: 1 }>(this.#store, key, { signal });
    if (row.value !== null) {
      const unit = new UnitOfWork()
        .guard(key, row.versionstamp, row.value).delete(key);
      await commit(this.#store, unit, { signal });
    }
    return old.length;
  }

  /** Removes events that were put by before a time. */
  async sweepMessages(
    { workspace, webhook, space }: {
      workspace: string;
      webhook: string;
      space: string;
    },
    beforeMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const old: Deno.KvKey[] = [];
    const rows = list<MessageRecord>(this.#store, keys.webhookMessages(space), {
      signal,
    });
    for await (const { key, value } of rows) {
      if (value.keptAt >= beforeMs) break;
      old.push(key);
    }
    await this.#delete(workspace, webhook, old);
  }

  async #delete(
    workspace: string,
    webhook: string,
    old: readonly Deno.KvKey[],
  ): Promise<void> {
    const key = keys.webhookIndexKey(workspace, webhook);
    for (let from = 0; from < old.length; from += DELETES_PER_UNIT) {
      const row = await get<{ v: 1 }>(this.#store, key);
      if (row.value === null) return;
      const unit = new UnitOfWork().guard(key, row.versionstamp, row.value);
      for (const gone of old.slice(from, from + DELETES_PER_UNIT)) {
        unit.delete(gone);
      }
      await commit(this.#store, unit);
    }
  }
}
