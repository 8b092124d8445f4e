/**
 * Looks what is due, in each process on its own: whoever is first makes the job, the others find it made. It
 * wakes when the next schedule is due, when this process has changed one, and once a second in any case, so
 * a clock that was set and a process that stood still cost nothing but the look.
 */
import { sleep } from "@/lib/clock.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { cronTimes } from "./cron_times.ts";
import type { Firing } from "./firing.ts";
import type { DueSchedule, ScheduleStore } from "./schedule_store.ts";

export interface TickerParts {
  store: ScheduleStore;
  firing: Firing;
  log: Logger;
}

const POLL_MS = 1_000;
/** Schedules of one look at those that are due. */
const PER_LOOK = 200;
/** Schedules that are fired at a time. */
const AT_A_TIME = 8;
/** A wall clock that is so much behind the one that only grows was set back, in milliseconds. */
const SET_BACK_MS = 5_000;
/** A schedule that could not be begun is tried again after so long, in milliseconds. */
const REST_MS = 10_000;
/** Requests ask for a look so often at most, in milliseconds. */
const ASKED_EVERY_MS = 1_000;

export class Ticker {
  readonly #parts: TickerParts;
  readonly #closed = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #wake = new AbortController();
  #look: Promise<void> | null = null;
  /** When the next one is due, by the newest look; null: none is. */
  #nextAt: number | null = null;
  readonly #restingUntilMs = new Map<string, number>();
  #wallMs: number;
  #steadyMs: number;
  #lookedAtMs = -Infinity;
  /** Whether what was planned by a clock that was ahead is to be looked for. */
  #mayBeAhead = true;

  constructor(parts: TickerParts) {
    this.#parts = parts;
    const { clock } = parts.store;
    this.#wallMs = clock.now();
    this.#steadyMs = clock.monotonic();
  }

  /** @param prepare is done before the first look; what it throws keeps nothing from being looked at */
  start(prepare: () => Promise<void> = () => Promise.resolve()): void {
    if (this.#parts.store.isReadOnly) return;
    this.#loop = this.#run(prepare);
  }

  /** Ends; resolves when nothing of it goes on any more. */
  async close(): Promise<void> {
    this.#closed.abort();
    this.soon();
    await this.#loop;
    await this.#look;
  }

  /** Looks again at once: a schedule has changed. */
  soon(): void {
    this.#wake.abort();
  }

  /** A request is there: where timers stand still between requests, it is what makes schedules go on. */
  asked(): void {
    const { monotonic } = this.#parts.store.clock;
    if (monotonic() - this.#lookedAtMs >= ASKED_EVERY_MS) this.soon();
  }

  /** Does all that is due now; several at the same time are one. @throws when the store fails */
  async tick(): Promise<void> {
    const look = this.#look ??= this.#tick().finally(() => this.#look = null);
    await look;
  }

  async #run(prepare: () => Promise<void>): Promise<void> {
    const { store, log } = this.#parts;
    const { signal } = this.#closed;
    try {
      await prepare();
    } catch (error) {
      log.warn("The program's own schedules could not be made", { error });
    }
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const wake = AbortSignal.any([signal, this.#wake.signal]);
      try {
        await this.tick();
      } catch (error) {
        if (signal.aborted) return;
        log.warn("Schedules could not be looked at", { error });
      }
      await sleep(store.clock, this.#waitMs(), wake);
    }
  }

  async #tick(): Promise<void> {
    const { store } = this.#parts;
    const { signal } = this.#closed;
    this.#lookedAtMs = store.clock.monotonic();
    this.#watchClock();
    if (this.#mayBeAhead) {
      await this.#planAgain(signal);
      this.#mayBeAhead = false;
    }
    // Without anything due, this is the only read of a look.
    this.#nextAt = await store.nextDue(signal);
    const nowMs = store.clock.now();
    if (this.#nextAt === null || this.#nextAt > nowMs) return;
    let due: DueSchedule[] = [];
    for await (const row of store.due(nowMs, undefined, signal)) {
      if (!this.#isResting(row)) due.push(row);
      if (due.length < PER_LOOK) continue;
      await this.#fireAll(due, signal);
      due = [];
    }
    await this.#fireAll(due, signal);
    this.#nextAt = await store.nextDue(signal);
  }

  /** Until the next schedule is due; what is due still, since it rests, makes no look follow the other. */
  #waitMs(): number {
    if (this.#nextAt === null) return POLL_MS;
    const untilMs = this.#nextAt - this.#parts.store.clock.now();
    return untilMs <= 0 ? POLL_MS : Math.min(untilMs, POLL_MS);
  }

  /** Whether a schedule failed a moment ago, so that it is left alone for a while. */
  #isResting({ id }: DueSchedule): boolean {
    const untilMs = this.#restingUntilMs.get(id);
    if (untilMs === undefined) return false;
    if (untilMs > this.#parts.store.clock.monotonic()) return true;
    this.#restingUntilMs.delete(id);
    return false;
  }

  /** In any order, so that several processes seldom take the same one at the same time. */
  async #fireAll(due: DueSchedule[], signal: AbortSignal): Promise<void> {
    const { store, firing, log } = this.#parts;
    shuffle(due);
    const loaded = await store.loadMany(due, signal);
    const places = due.entries();
    const lane = async () => {
      for (const [place, row] of places) {
        if (signal.aborted) return;
        const schedule = loaded[place];
        try {
          if (schedule === null) await store.dropDue(row);
          else await firing.fire(schedule);
        } catch (error) {
          // One that fails does not hold up the others.
          this.#restingUntilMs.set(row.id, store.clock.monotonic() + REST_MS);
          log.warn("A schedule that is due could not be begun", {
            schedule: row.id,
            error,
          });
        }
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, lane));
  }

  /** Notes a clock that was set back. */
  #watchClock(): void {
    const { clock } = this.#parts.store;
    const [wallMs, steadyMs] = [clock.now(), clock.monotonic()];
    const passedMs = steadyMs - this.#steadyMs;
    if (wallMs - this.#wallMs < passedMs - SET_BACK_MS) this.#mayBeAhead = true;
    this.#wallMs = wallMs;
    this.#steadyMs = steadyMs;
  }

  /** Plans anew what was planned by a clock that was ahead of the one there is now. */
  async #planAgain(signal: AbortSignal): Promise<void> {
    const { store, log } = this.#parts;
    const nowMs = store.clock.now();
    for await (const row of store.due(null, undefined, signal)) {
      if (row.plannedAt <= nowMs + SET_BACK_MS) continue;
      const loaded = await store.load(row.space, row.id);
      if (loaded === null || loaded.record.nextAt !== row.dueAtMs) continue;
      const { record } = loaded;
      const nextAt = cronTimes(record.cron, record.timeZone).next(nowMs);
      const after = { ...record, nextAt, plannedAt: nowMs };
      if (await store.replace(loaded, after, "planned")) {
        log.info("A schedule was planned anew: the clock went back", {
          schedule: record.id,
        });
      }
    }
  }
}

function shuffle<T>(items: T[]): void {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [items[last], items[other]] = [items[other], items[last]];
  }
}
