import { LRUCache } from "lru-cache";
import * as keys from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { type Slot, SlotPool } from "./concurrency.ts";
import { limitExceeded, type LimitRest, rateHeaders } from "./limit_refusal.ts";
import type { LimitSettings } from "./limit_settings.ts";
import {
  type EffectiveLimit,
  effectiveLimits,
  explainLimit,
  type LimitPolicy,
} from "./policies.ts";
import { type RateUse, RateWindow } from "./rate.ts";
import { StoreTime } from "./store_time.ts";
import type { Subjects } from "./subjects.ts";

/** What a request wants of its limits. */
export interface LimitNeed {
  readonly requests: number;
  /** Tokens that it may come to, asked and answered. */
  readonly tokens: number;
  /** Answers in the making: 1, or 0 where none is made. */
  readonly runs: number;
}

/** A limit as it stands for somebody now. */
export interface LimitState {
  readonly limit: EffectiveLimit;
  readonly used: number;
  readonly remaining: number;
  readonly resetMs: number;
  /** "Limited to … because …". */
  readonly because: string;
}

export interface LimitsParts {
  store: Store;
  owner: Owner;
  settings: LimitSettings;
}

/** Counts that are in use are kept in memory, those used last. */
const MAX_COUNTS = 50_000;
/** An answer's end frees a slot; nobody knows when that is. In milliseconds. */
const RETRY_RUNS_MS = 2_000;
/** How long the end waits for what is given back, in milliseconds. */
const END_MS = 500;

/** What one limit has given to a request. */
interface Taken {
  readonly limit: EffectiveLimit;
  readonly count: RateWindow | null;
  readonly use: RateUse | null;
  readonly slot: Slot | null;
}

/** What was reserved for one request. Each of its methods counts once. */
export class Reservation {
  readonly #taken: readonly Taken[];
  #isSettled = false;

  constructor(taken: readonly Taken[]) {
    this.#taken = taken;
  }

  /** Says how many tokens were really used; without it what was reserved stays counted. */
  settle({ tokens }: { tokens: number }): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#correct(({ kind }) => kind.measure === "tokens", tokens);
  }

  /** The answer has ended: another may begin in its place. */
  release(): void {
    for (const { slot } of this.#taken) slot?.end();
  }

  /** Nothing came of the request, and it does not count. */
  undo(): void {
    this.release();
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#correct(() => true, 0);
  }

  /** `x-ratelimit-…` as they are now. */
  headers(): Record<string, string> {
    return rateHeaders(restsOf(this.#taken));
  }

  #correct(applies: (limit: EffectiveLimit) => boolean, actual: number): void {
    for (const { limit, count, use } of this.#taken) {
      if (count !== null && use !== null && applies(limit)) {
        count.correct(use, actual);
      }
    }
  }
}

function restsOf(
  taken: readonly Pick<Taken, "limit" | "count">[],
): LimitRest[] {
  return taken.flatMap(({ limit, count }) => {
    if (count === null) return [];
    const { remaining, resetMs } = count.usage(limit.limit);
    return [{ limit, remaining, resetMs }];
  });
}

/** A limit has refused. */
interface Refused {
  readonly limit: EffectiveLimit;
  readonly amount: number;
  readonly retryMs: number | null;
}

type Answer = Taken | Refused;

const isRefused = (answer: Answer): answer is Refused => "amount" in answer;
const isTaken = (answer: Answer): answer is Taken => !isRefused(answer);

/** Limits on how much is asked in a time, and at once, by all processes of a store together. */
export class Limits {
  readonly #parts: LimitsParts;
  readonly #storeTime: StoreTime;
  readonly #windows = new LRUCache<string, RateWindow>({ max: MAX_COUNTS });
  readonly #refused = new Map<string, number>();
  /** Used last at the end. */
  readonly #pools = new Map<string, SlotPool>();

  constructor(parts: LimitsParts) {
    const { store, owner } = parts;
    this.#parts = parts;
    this.#storeTime = new StoreTime(
      store.clock,
      () => owner.incarnation.lane.versionstamp,
    );
  }

  /** Requests that were refused, by field of the policy and kind of the subject, with a space between. */
  get refused(): ReadonlyMap<string, number> {
    return this.#refused;
  }

  start(): void {
    this.#storeTime.start();
  }

  /** Gives back what was not used, as far as that is quickly done; the rest is free within a window. */
  async close(): Promise<void> {
    this.#storeTime.stop();
    for (const pool of this.#pools.values()) pool.end();
    const ended = Promise.allSettled(
      [...this.#windows.values()].map((window) => window.end()),
    );
    const { clock } = this.#parts.store;
    let cancel = () => {};
    await Promise.race([
      ended,
      new Promise<void>((resolve) => cancel = clock.after(END_MS, resolve)),
    ]);
    cancel();
  }

  /** The limits that hold for a request. */
  effective(
    subjects: Subjects,
  ): EffectiveLimit[] | Promise<EffectiveLimit[]> {
    const policies = this.#parts.settings.of(subjects.workspace);
    return policies instanceof Promise
      ? policies.then((loaded) => effectiveLimits(loaded, subjects))
      : effectiveLimits(policies, subjects);
  }

  /**
   * Takes what a request needs of all its limits, or nothing of any: at once where this process has so
   * much in hand, else a promise.
   * @throws {AppError} 429 `rate_limit_exceeded`
   * @throws {StorageError} when the store has to be asked and does not answer
   */
  reserve(
    subjects: Subjects,
    need: LimitNeed,
  ): Reservation | Promise<Reservation> {
    const limits = this.effective(subjects);
    return limits instanceof Promise
      ? limits.then((loaded) => this.#reserve(loaded, subjects, need))
      : this.#reserve(limits, subjects, need);
  }

  /**
   * Takes a slot for a run that goes on in this process after its own has died, and waits for one as
   * long as it takes. The run has asked and paid before.
   * @throws the signal's reason when it aborts first
   */
  async resume(subjects: Subjects, signal: AbortSignal): Promise<Reservation> {
    const { clock } = this.#parts.store;
    while (true) {
      signal.throwIfAborted();
      try {
        return await this.reserve(subjects, {
          requests: 0,
          tokens: 0,
          runs: 1,
        });
      } catch (error) {
        if (!isLimit(error)) throw error;
      }
      await new Promise<void>((resolve) => {
        const cancel = clock.after(RESUME_MS, done);
        signal.addEventListener("abort", done);
        function done() {
          cancel();
          signal.removeEventListener("abort", done);
          resolve();
        }
      });
    }
  }

  /** How all limits of somebody stand now. @throws {StorageError} when the store does not answer */
  async states(subjects: Subjects): Promise<LimitState[]> {
    const limits = await this.effective(subjects);
    return await Promise.all(limits.map(async (limit) => {
      const because = explainLimit(limit);
      if (limit.kind.windowMs === null) {
        const pool = this.#pool(subjects.workspace, limit);
        await pool.refresh();
        const { used } = pool;
        const remaining = Math.max(limit.limit - used, 0);
        return { limit, used, remaining, resetMs: 0, because };
      }
      const window = this.#window(subjects.workspace, limit);
      await window.refresh();
      return { limit, ...window.usage(limit.limit), because };
    }));
  }

  #reserve(
    limits: readonly EffectiveLimit[],
    subjects: Subjects,
    need: LimitNeed,
  ): Reservation | Promise<Reservation> {
    const answers: Answer[] = [];
    const later: Promise<Answer>[] = [];
    for (const limit of limits) {
      const amount = need[limit.kind.measure];
      if (amount === 0 && limit.kind.measure === "runs") continue;
      const answer = this.#take(limit, subjects.workspace, amount);
      if (answer instanceof Promise) later.push(answer);
      else {
        answers.push(answer);
        // Nothing more is taken for a request that is refused.
        if (isRefused(answer)) break;
      }
    }
    if (later.length === 0) return this.#finish(answers, limits, subjects);
    return Promise.allSettled(later).then((settled) => {
      const failed = settled.find(({ status }) => status === "rejected");
      for (const each of settled) {
        if (each.status === "fulfilled") answers.push(each.value);
      }
      if (failed?.status === "rejected") {
        new Reservation(answers.filter(isTaken)).undo();
        throw failed.reason;
      }
      return this.#finish(answers, limits, subjects);
    });
  }

  #take(
    limit: EffectiveLimit,
    workspace: string,
    amount: number,
  ): Answer | Promise<Answer> {
    if (limit.kind.windowMs === null) {
      const pool = this.#pool(workspace, limit);
      const answer = (slot: Slot | null): Answer =>
        slot === null
          ? { limit, amount, retryMs: limit.limit === 0 ? null : RETRY_RUNS_MS }
          : { limit, count: null, use: null, slot };
      const slot = pool.tryTake(limit.limit);
      return slot === undefined
        ? pool.take(limit.limit).then(answer)
        : answer(slot);
    }
    const count = this.#window(workspace, limit);
    const answer = (use: RateUse | { ok: false; retryMs: number | null }) =>
      use.ok
        ? { limit, count, use, slot: null }
        : { limit, amount, retryMs: use.retryMs };
    const use = count.tryTake(amount, limit.limit);
    return use === null
      ? count.take(amount, limit.limit).then(answer)
      : answer(use);
  }

  #finish(
    answers: readonly Answer[],
    limits: readonly EffectiveLimit[],
    { workspace }: Subjects,
  ): Reservation {
    const taken = answers.filter(isTaken);
    const reservation = new Reservation(taken);
    const refusals = answers.filter(isRefused);
    if (refusals.length === 0) return reservation;
    reservation.undo();
    // Of several the one that lasts longest.
    const [{ limit, amount, retryMs }] = refusals.sort((left, right) =>
      (right.retryMs ?? Infinity) - (left.retryMs ?? Infinity)
    );
    const name = `${limit.kind.field} ${limit.subjectKind}`;
    this.#refused.set(name, (this.#refused.get(name) ?? 0) + 1);
    const counts = limits.map((each) => ({
      limit: each,
      count: each.kind.windowMs === null ? null : this.#window(workspace, each),
    }));
    throw limitExceeded(limit, amount, retryMs, rateHeaders(restsOf(counts)));
  }

  #window(workspace: string, { subject, kind }: EffectiveLimit): RateWindow {
    const name = `${workspace} ${kind.field} ${subject}`;
    const there = this.#windows.get(name);
    if (there !== undefined) return there;
    const windowMs = kind.windowMs!;
    const window = new RateWindow({
      store: this.#parts.store,
      storeTime: this.#storeTime,
      key: keys.rateKey(workspace, kind.measure, windowMs, subject),
      windowMs,
    });
    this.#windows.set(name, window);
    return window;
  }

  #pool(workspace: string, { subject }: EffectiveLimit): SlotPool {
    const name = `${workspace} ${subject}`;
    const there = this.#pools.get(name);
    if (there !== undefined) {
      this.#pools.delete(name);
      this.#pools.set(name, there);
      return there;
    }
    if (this.#pools.size >= MAX_COUNTS) this.#dropIdlePool();
    const { store, owner } = this.#parts;
    const pool = new SlotPool(
      store,
      owner,
      keys.slotsKey(workspace, subject),
    );
    this.#pools.set(name, pool);
    return pool;
  }

  /** Forgets a pool of which this process holds nothing. */
  #dropIdlePool(): void {
    let tries = 0;
    for (const [name, pool] of this.#pools) {
      tries += 1;
      if (pool.isIdle) this.#pools.delete(name);
      if (pool.isIdle || tries > IDLE_TRIES) return;
    }
  }
}

/** How many pools are looked at to find one that is idle. */
const IDLE_TRIES = 64;

/** A resumed run looks so often for a slot, in milliseconds. */
const RESUME_MS = 250;

function isLimit(error: unknown): boolean {
  return error instanceof Error && "code" in error &&
    error.code === "rate_limit_exceeded";
}

export type { LimitPolicy };
