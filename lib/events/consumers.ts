/** Runs consumers beside the requests of this process; see `consumer.ts`. */
import { sleep } from "@/lib/clock.ts";
import { commit } from "@/lib/kv/commit.ts";
import { cursorKey } from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Logger } from "@/lib/observe/log.ts";
import {
  type ConsumedEvent,
  type Consumer,
  type CursorRecord,
  MAX_CONSUMER_CHECKS,
} from "./consumer.ts";
import {
  cursorBehind,
  newestVersionstamp,
  readEventsAfter,
} from "./read_events.ts";
import { NextRing, orSleep } from "./wake.ts";

/** How often to look for events of other processes, in milliseconds. */
const POLL_MS = 1_000;
/**
 * What happens within so much of each other is one step, in milliseconds. It also lets whoever waits for
 * what has happened read first: a job that was asked for begins before a dozen consumers look at it.
 */
const TOGETHER_MS = 15;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
/** How long to leave a consumer to the process that was faster, at most, in milliseconds. */
const CONFLICT_PAUSE_MS = 100;

export interface ConsumersOptions {
  /** From 0 to 1. */
  random?: () => number;
  /** Hears of each event that a consumer has handled, and how old it was then, in milliseconds. */
  delivered?: (consumer: string, ageMs: number) => void;
}

/** What a step came to. */
type Step = "advanced" | "idle" | "conflict";

export class Consumers {
  readonly #store: Store;
  readonly #log: Logger;
  readonly #random: () => number;
  readonly #delivered: ConsumersOptions["delivered"];
  readonly #consumers: Consumer[] = [];
  readonly #stopped = new AbortController();
  readonly #lagMs = new Map<string, number>();
  /** Of each consumer that found nothing when it looked last: the newest atomic that it had heard of. */
  readonly #heardTo = new Map<string, string>();
  /** The look for a newer one that is under way, for all consumers together. */
  #look: Promise<string> | null = null;
  #loops: Promise<void>[] = [];

  constructor(
    store: Store,
    log: Logger,
    { random = Math.random, delivered }: ConsumersOptions = {},
  ) {
    this.#store = store;
    this.#log = log;
    this.#random = random;
    this.#delivered = delivered;
  }

  /** Adds a consumer; before `start`. @throws {Error} for a name that is taken */
  add(consumer: Consumer): void {
    if (this.#consumers.some(({ name }) => name === consumer.name)) {
      throw new Error(`Consumer "${consumer.name}" is there already`);
    }
    this.#consumers.push(consumer);
  }

  /** Names of the consumers that were added. */
  get names(): string[] {
    return this.#consumers.map(({ name }) => name);
  }

  /**
   * How old the oldest event was, in milliseconds, that a consumer found new when it looked last; 0 when
   * it found none.
   */
  get lagMs(): ReadonlyMap<string, number> {
    return this.#lagMs;
  }

  /** Begins to consume. On a store that takes no writes nothing happens. */
  start(): void {
    if (this.#store.readOnly || this.#loops.length > 0) return;
    this.#loops = this.#consumers.map((consumer) => this.#run(consumer));
  }

  /**
   * Ends after the steps under way. A commit whose outcome is not known by then is left behind: it is
   * either whole in the store or not there at all.
   */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#loops);
  }

  async #run(consumer: Consumer): Promise<void> {
    const { signal } = this.#stopped;
    const { clock } = this.#store;
    const ring = new NextRing(this.#store.eventsBell, signal);
    let failures = 0;
    while (!signal.aborted) {
      // Armed before the step reads: a ring during the step is not lost.
      const rung = ring.arm();
      try {
        const step = await this.#step(consumer, signal);
        failures = 0;
        if (step === "idle") {
          let isRung = false;
          rung.then(() => isRung = true);
          do await orSleep(this.#store, rung, POLL_MS, signal); while (
            !isRung && !await this.#mayHaveNews(consumer, signal)
          );
          await sleep(clock, TOGETHER_MS, signal);
        } else if (step === "conflict") {
          await sleep(clock, this.#random() * CONFLICT_PAUSE_MS, signal);
        }
      } catch (error) {
        if (signal.aborted) return;
        const longest = Math.min(
          LONGEST_PAUSE_MS,
          FIRST_PAUSE_MS * 2 ** failures,
        );
        failures += 1;
        this.#log.warn("Consumer of events failed and will try again", {
          consumer: consumer.name,
          failures,
          error,
        });
        await sleep(clock, longest * (0.5 + this.#random() / 2), signal);
      }
    }
  }

  /**
   * Whether something was told since a consumer found nothing, perhaps by another process. A dozen consumers
   * look once a second: this is one read, and one for all that look at the same time.
   */
  async #mayHaveNews(
    { name }: Consumer,
    signal: AbortSignal,
  ): Promise<boolean> {
    if (signal.aborted) return true;
    this.#look ??= newestVersionstamp(this.#store, signal)
      .finally(() => this.#look = null);
    return await this.#look !== this.#heardTo.get(name);
  }

  async #step(consumer: Consumer, signal: AbortSignal): Promise<Step> {
    const entry = await get<CursorRecord>(
      this.#store,
      cursorKey(consumer.name),
      { signal },
    );
    const cursor = entry.value;
    const { generation } = this.#store;
    const unit = new UnitOfWork();
    let next: CursorRecord;
    let handled: readonly ConsumedEvent[] = [];
    if (cursor === null || cursor.gen !== generation) {
      next = await this.#anew(cursor, signal);
    } else if (cursor.sync !== undefined) {
      const { sync, lost, ...rest } = cursor;
      const place = await consumer.resync(sync, unit, signal, lost ?? null);
      next = place === null ? rest : { ...cursor, sync: place };
    } else {
      const events = await readEventsAfter(this.#store, cursor, signal);
      this.#measureLag(consumer, events);
      if (events?.length === 0) {
        this.#heardTo.set(consumer.name, cursor.vs);
        return "idle";
      }
      if (events === null) next = await this.#anew(cursor, signal);
      else {
        const count = await consumer.handle(events, unit, signal);
        if (!(count >= 1 && count <= events.length)) {
          throw new RangeError(
            `Consumer "${consumer.name}" handled "${count}" of "${events.length}" events`,
          );
        }
        handled = events.slice(0, count);
        next = { v: 1, gen: generation, ...cursorBehind(events, count) };
      }
    }
    assertChecks(consumer, unit);
    unit.guard(cursorKey(consumer.name), entry.versionstamp, next);
    signal.throwIfAborted();
    const { ok } = await commit(this.#store, unit, { signal });
    if (!ok) return "conflict";
    const nowMs = this.#store.clock.now();
    for (const { event } of handled) {
      this.#delivered?.(consumer.name, nowMs - event.at);
    }
    await this.#committed(consumer, signal);
    return "advanced";
  }

  #measureLag({ name }: Consumer, events: ConsumedEvent[] | null): void {
    const at = events?.[0]?.event.at;
    const ageMs = at === undefined ? 0 : this.#store.clock.now() - at;
    this.#lagMs.set(name, Math.max(ageMs, 0));
  }

  /** The cursor of a consumer that begins anew: what happens from now on comes after its resync. */
  async #anew(
    before: CursorRecord | null,
    signal: AbortSignal,
  ): Promise<CursorRecord> {
    const { generation: gen } = this.#store;
    const vs = await newestVersionstamp(this.#store, signal);
    const place = (versionstamp: string) => `${gen}.${versionstamp}.0`;
    const next: CursorRecord = { v: 1, gen, vs, sync: null };
    if (before === null) return next;
    const from = before.gen === gen ? place(before.vs) : null;
    return { ...next, lost: { from, to: place(vs) } };
  }

  async #committed(consumer: Consumer, signal: AbortSignal): Promise<void> {
    try {
      await consumer.committed?.(signal);
    } catch (error) {
      if (signal.aborted) return;
      this.#log.warn("Consumer of events could not tidy up", {
        consumer: consumer.name,
        error,
      });
    }
  }
}

function assertChecks(consumer: Consumer, unit: UnitOfWork): void {
  if (unit.checks.length > MAX_CONSUMER_CHECKS) {
    throw new TypeError(
      `Consumer "${consumer.name}" has more than "${MAX_CONSUMER_CHECKS}" checks`,
    );
  }
}
