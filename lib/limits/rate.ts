import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { RateSlice, sliceLifeMs } from "./rate_slice.ts";
import type { StoreTime } from "./store_time.ts";
import { type UseRecord, UseWindow } from "./use_window.ts";

/** Limits below this are taken from the store one by one, so that no process holds what another wants. */
export const SLICED_FROM = 60;

/** A slice is at most this part of the limit. */
const SLICES_PER_LIMIT = 10;
/** A slice is renewed in the background at this part of its life, or when this part of it is left. */
const RENEW_AT = 0.5;
const RENEW_LEFT = 1 / 3;
/** Room for a rate that grows. */
const HEADROOM = 1.2;
/** A rate is not judged over less than this, in milliseconds. */
const SHORTEST_RATE_MS = 20;

/** Corrections are written so long after they became known, many at once; in milliseconds. */
const CORRECT_AFTER_MS = 100;
/** What is known of the store's record refuses requests so long, in milliseconds. */
const RECHECK_MS = 1_000;
/** Windows longer than this trust the wall clock for the time before the process knew them. */
const STRICT_WINDOW_MS = 60_000;
/** Records outlive their window by so much, since the store judges that by its wall clock. */
const KEEP_MS = 2 * 24 * 60 * 60 * 1_000;
/** Rounds that a request waits for before the store counts as failing. */
const MAX_ROUNDS = 30;

/** An amount that was given to a request. */
export interface RateUse {
  readonly ok: true;
  readonly amount: number;
  /** Monotonic time. */
  readonly atMs: number;
  /** Where it came from; null: nothing was wanted. */
  readonly slice: RateSlice | null;
}

/** There is not so much left. */
export interface RateRefusal {
  readonly ok: false;
  /** Milliseconds until it may be asked for again; null: it is more than the whole limit. */
  readonly retryMs: number | null;
}

/** What shows of a window at a moment. */
export interface RateUsage {
  used: number;
  remaining: number;
  /** Milliseconds until the whole limit is free again if nobody asks. */
  resetMs: number;
}

interface Waiter {
  readonly amount: number;
  readonly limit: number;
  readonly done: PromiseWithResolvers<RateUse | RateRefusal>;
  rounds: number;
}

/** What was really used differs from what was taken. */
interface Correction {
  /** When more was used, by the monotonic clock. */
  readonly atMs: number;
  /** Where what was not used came from. */
  readonly slice: RateSlice | null;
  /** Above 0: so much more was used. Below: so much less. */
  readonly amount: number;
}

/** What a slice has given away, as long as the store may not know. */
interface Spent {
  readonly id: string;
  readonly spent: number;
  readonly lastUseMs: number;
}

export interface RateWindowParts {
  store: Store;
  storeTime: StoreTime;
  key: Deno.KvKey;
  windowMs: number;
}

/**
 * One count of one subject over a sliding window, shared by all processes of a store. A limit may differ
 * from call to call: admins change it at any time.
 *
 * Amounts are taken out of the store in slices by compare-and-swap and given away from memory; whoever
 * finds the slice empty waits for the next, all who wait together for one write. Nothing is given away
 * that the store does not already count, so a crash never admits too much.
 */
export class RateWindow {
  readonly #parts: RateWindowParts;
  readonly #lifeMs: number;
  /** Name under which this object holds slices; one that replaces it has another. */
  readonly #holder = newToken().slice(0, 12);
  /** The record as it was read or written last; null: it has to be read. */
  #known: { window: UseWindow; versionstamp: string | null } | null = null;
  /** When that was, by the monotonic clock. */
  #checkedMs = -Infinity;
  /** What was known before, for the ages in it. */
  #before: UseWindow | null = null;
  #ids = 0;
  #slice: RateSlice | null = null;
  #unsettled: Spent[] = [];
  #corrections: Correction[] = [];
  #waiting: Waiter[] = [];
  #isRunning = false;
  #wantsWrite = false;
  #limit = 0;
  #ratePerMs = 0;
  #cancelTimer: (() => void) | null = null;
  #isEnding = false;

  constructor(parts: RateWindowParts) {
    this.#parts = parts;
    this.#lifeMs = sliceLifeMs(parts.windowMs);
  }

  /** Takes an amount at once from memory; null: the store has to be asked, by `take`. */
  tryTake(amount: number, limit: number): RateUse | RateRefusal | null {
    const nowMs = this.#parts.store.clock.monotonic();
    if (amount === 0) return { ok: true, amount, atMs: nowMs, slice: null };
    if (amount > limit) return { ok: false, retryMs: null };
    if (limit < this.#limit && this.#slice !== null) {
      // What was taken under a higher limit counts no more.
      this.#slice.isClosed = true;
    }
    this.#limit = limit;
    if (this.#waiting.length > 0) return null;
    const slice = this.#slice;
    if (slice !== null && slice.spend(amount, nowMs)) {
      if (this.#isRenewalDue(slice, nowMs)) this.#write();
      return { ok: true, amount, atMs: nowMs, slice };
    }
    return this.#refusal(amount, limit, nowMs);
  }

  /**
   * Takes an amount, asking the store where that is needed.
   * @throws {StorageError} when the store does not answer
   */
  async take(amount: number, limit: number): Promise<RateUse | RateRefusal> {
    const taken = this.tryTake(amount, limit);
    if (taken !== null) return taken;
    const done = Promise.withResolvers<RateUse | RateRefusal>();
    this.#waiting.push({ amount, limit, done, rounds: 0 });
    void this.#run();
    return await done.promise;
  }

  /** Says what was really used in place of what was taken. A use is corrected once. */
  correct(use: RateUse, actual: number): void {
    const nowMs = this.#parts.store.clock.monotonic();
    const difference = actual - use.amount;
    if (difference === 0) return;
    const slice = this.#slice;
    if (difference > 0 && slice !== null && slice.spend(difference, nowMs)) {
      return;
    }
    if (
      difference < 0 && slice !== null && use.slice === slice &&
      !this.#isRunning && slice.isValid(nowMs)
    ) {
      slice.unspend(-difference);
      if (this.#cancelTimer === null) this.#renewLater();
      return;
    }
    this.#corrections.push({
      atMs: nowMs,
      slice: use.slice,
      amount: difference,
    });
    this.#cancelTimer ??= this.#parts.store.clock.after(
      CORRECT_AFTER_MS,
      () => this.#onTimer(),
    );
  }

  /** What this process knows of the use, its own included; nothing before the store was asked once. */
  usage(limit: number): RateUsage {
    const nowMs = this.#parts.store.clock.monotonic();
    const view = this.#view(nowMs);
    const used = view?.sum() ?? 0;
    return {
      used,
      remaining: Math.max(limit - used, 0),
      resetMs: view?.untilAtMost(0, nowMs) ?? 0,
    };
  }

  /** Makes `usage` true for now. @throws {StorageError} when the store does not answer */
  async refresh(): Promise<void> {
    const nowMs = this.#parts.store.clock.monotonic();
    if (this.#isRunning) return;
    if (this.#known !== null && nowMs - this.#checkedMs < CORRECT_AFTER_MS) {
      return;
    }
    const entry = await get<UseRecord>(this.#parts.store, this.#parts.key);
    if (!this.#isRunning) this.#learn(entry);
  }

  /** Gives back what was not used; what is asked for afterwards is taken one by one. */
  async end(): Promise<void> {
    this.#isEnding = true;
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    const isClean = this.#corrections.length === 0 &&
      (this.#slice === null || this.#slice.left === 0);
    if (isClean || this.#isRunning) return;
    this.#wantsWrite = true;
    await this.#run();
  }

  #onTimer(): void {
    this.#cancelTimer = null;
    this.#write();
  }

  /** Writes in the background. */
  #write(): void {
    this.#wantsWrite = true;
    void this.#run();
  }

  #isRenewalDue(slice: RateSlice, nowMs: number): boolean {
    if (this.#isRunning || this.#limit < SLICED_FROM || this.#isEnding) {
      return false;
    }
    return slice.left < slice.amount * RENEW_LEFT ||
      nowMs > slice.takenMs + this.#lifeMs * RENEW_AT;
  }

  /** The window as it is if this process gave back now what it has not used. */
  #view(nowMs: number): UseWindow | null {
    if (this.#known === null) return null;
    const view = this.#known.window.clone();
    this.#settle(view);
    view.forget(nowMs);
    return view;
  }

  #refusal(amount: number, limit: number, nowMs: number): RateRefusal | null {
    if (nowMs - this.#checkedMs >= Math.min(RECHECK_MS, this.#lifeMs)) {
      return null;
    }
    const view = this.#view(nowMs);
    const retryMs = view?.untilAtMost(limit - amount, nowMs) ?? 0;
    return retryMs > 0 ? { ok: false, retryMs } : null;
  }

  /** Puts what this process has really used in place of what it holds. */
  #settle(window: UseWindow): void {
    const held = window.held(this.#holder);
    if (held !== null) {
      window.drop(this.#holder);
      // Of a slice that this process does not know it took, because no answer came, it used nothing.
      const spent = this.#slice?.id === held.id
        ? this.#slice
        : this.#unsettled.find(({ id }) => id === held.id);
      if (spent !== undefined) {
        window.use(this.#newId(), spent.lastUseMs, spent.spent);
      }
    }
    for (const { atMs, slice, amount } of this.#corrections) {
      if (amount > 0) window.use(this.#newId(), atMs, amount);
      // It is counted with the last use of its slice.
      else window.giveBack(slice?.lastUseMs ?? atMs, -amount);
    }
  }

  #newId(): string {
    this.#ids += 1;
    return `${this.#holder}${this.#ids.toString(36)}`;
  }

  /** One write at a time, as long as there is anything to write. */
  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#wantsWrite || this.#waiting.length > 0) await this.#round();
    } catch (error) {
      for (const { done } of this.#waiting.splice(0)) done.reject(error);
    } finally {
      this.#isRunning = false;
      this.#wantsWrite = false;
    }
  }

  async #round(): Promise<void> {
    const { store, key } = this.#parts;
    if (this.#known === null) this.#learn(await get<UseRecord>(store, key));
    const nowMs = store.clock.monotonic();
    const next = this.#known!.window.clone();
    const isHeld = next.held(this.#holder) !== null;
    this.#settle(next);
    next.forget(nowMs);
    const { served, refused, free } = this.#serve(next);
    if (refused.length > 0 && nowMs - this.#checkedMs >= RECHECK_MS) {
      this.#learn(await get<UseRecord>(store, key));
      return;
    }
    const demand = served.reduce((sum, { amount }) => sum + amount, 0);
    const kept = this.#keptOf(nowMs);
    const spare = Math.min(
      Math.max(this.#spare(nowMs, demand, free), kept),
      free,
    );
    this.#wantsWrite = false;
    if (demand + spare > 0 || isHeld || this.#corrections.length > 0) {
      const isWritten = await this.#commit(next, nowMs, demand, spare);
      if (!isWritten) {
        this.#giveUpOnEndless();
        this.#wantsWrite ||= this.#waiting.length === 0;
        return;
      }
      this.#give(served);
    }
    this.#waiting = this.#waiting.filter((waiter) => !refused.includes(waiter));
    for (const { amount, limit, done } of refused) {
      const retryMs = next.untilAtMost(limit - amount, nowMs);
      done.resolve({ ok: false, retryMs: Math.max(retryMs, 1) });
    }
  }

  /** Whose wishes fit, in the order in which they came. */
  #serve(
    window: UseWindow,
  ): { served: Waiter[]; refused: Waiter[]; free: number } {
    const sum = window.sum();
    let taken = 0;
    const served: Waiter[] = [];
    const refused: Waiter[] = [];
    for (const waiter of this.#waiting) {
      if (sum + taken + waiter.amount <= waiter.limit) {
        taken += waiter.amount;
        served.push(waiter);
      } else refused.push(waiter);
    }
    return { served, refused, free: Math.max(this.#limit - sum - taken, 0) };
  }

  /** What may go on being given away while the write is under way. */
  #keptOf(nowMs: number): number {
    const slice = this.#slice;
    const isKept = slice !== null && slice.isValid(nowMs) &&
      slice.spent > 0 && !this.#isEnding &&
      slice.left <= this.#limit / SLICES_PER_LIMIT;
    return isKept ? slice.left : 0;
  }

  /** How much to take beyond what is wanted now. Near the limit half is left to others. */
  #spare(nowMs: number, demand: number, free: number): number {
    const slice = this.#slice;
    const spent = (slice?.spent ?? 0) + demand;
    const elapsedMs = Math.max(
      nowMs - (slice?.takenMs ?? nowMs),
      SHORTEST_RATE_MS,
    );
    const isFirst = slice === null || nowMs - slice.untilMs > this.#lifeMs;
    this.#ratePerMs = isFirst || spent === 0
      ? 0
      : Math.max(spent / elapsedMs, this.#ratePerMs / 2);
    if (this.#limit < SLICED_FROM || this.#isEnding) return 0;
    const wanted = Math.ceil(this.#ratePerMs * this.#lifeMs * HEADROOM);
    return Math.min(
      wanted,
      Math.ceil(this.#limit / SLICES_PER_LIMIT),
      Math.floor(free / 2),
    );
  }

  /**
   * Writes the window with the next slice in it. False: another process was faster.
   * @throws {StorageError} when it is not known whether it was written
   */
  async #commit(
    next: UseWindow,
    nowMs: number,
    demand: number,
    spare: number,
  ): Promise<boolean> {
    const { store, key, windowMs, storeTime } = this.#parts;
    const old = this.#slice;
    const oldSpent = old?.spent ?? 0;
    const corrected = this.#corrections.length;
    const isClosing = old !== null && !old.isClosed && spare < old.left;
    if (isClosing) old.isClosed = true;
    const amount = demand + spare;
    const slice = new RateSlice(store.clock, amount, nowMs, this.#lifeMs);
    if (amount > 0) {
      const { id, untilMs } = slice;
      next.hold(this.#holder, { id, untilMs, amount });
    }
    next.compact(() => this.#newId());
    const unit = new UnitOfWork().guard(
      key,
      this.#known!.versionstamp,
      next.toRecord(nowMs, storeTime.wallMs()),
      { expireInMs: windowMs + KEEP_MS },
    );
    /** What the old slice gave away meanwhile is the new one's. */
    const meanwhile = () => (old?.spent ?? 0) - oldSpent;
    try {
      const result = await commit(store, unit);
      if (!result.ok) {
        this.#forgetKnown();
        if (isClosing) old.isClosed = false;
        return false;
      }
      this.#known = { window: next, versionstamp: result.versionstamp };
    } catch (error) {
      this.#doubt(slice, meanwhile(), corrected);
      throw error;
    }
    this.#checkedMs = nowMs;
    this.#corrections.splice(0, corrected);
    this.#unsettled = [];
    slice.left = amount - demand - meanwhile();
    slice.spent = meanwhile();
    if (slice.spent > 0) slice.lastUseMs = old!.lastUseMs;
    this.#slice = amount > 0 ? slice : null;
    if (slice.left > 0 && amount > 0) this.#renewLater();
    return true;
  }

  /** It is not known whether a write counts: what could count is remembered until the store says. */
  #doubt(slice: RateSlice, meanwhile: number, corrected: number): void {
    this.#forgetKnown();
    const old = this.#slice;
    this.#slice = null;
    if (old !== null) {
      old.isClosed = true;
      const { id, spent, lastUseMs } = old;
      this.#unsettled.push({ id, spent, lastUseMs });
    }
    const lastUseMs = old?.lastUseMs ?? slice.takenMs;
    this.#unsettled.push({ id: slice.id, spent: meanwhile, lastUseMs });
    // To count something twice does no harm, to give it back twice would.
    this.#corrections = this.#corrections.filter(({ amount }, index) =>
      index >= corrected || amount > 0
    );
  }

  /** Gives those who waited what was taken for them, unless that took longer than it lasts. */
  #give(served: Waiter[]): void {
    const slice = this.#slice;
    if (slice === null || served.length === 0) return;
    const nowMs = this.#parts.store.clock.monotonic();
    if (!slice.isValid(nowMs)) {
      slice.isClosed = true;
      this.#giveUpOnEndless();
      return;
    }
    for (const { amount, done } of served) {
      slice.spent += amount;
      slice.lastUseMs = nowMs;
      done.resolve({ ok: true, amount, atMs: nowMs, slice });
    }
    this.#waiting = this.#waiting.filter((waiter) => !served.includes(waiter));
  }

  #giveUpOnEndless(): void {
    const endless = this.#waiting.filter((waiter) => {
      waiter.rounds += 1;
      return waiter.rounds > MAX_ROUNDS;
    });
    this.#waiting = this.#waiting.filter((waiter) => !endless.includes(waiter));
    for (const { done } of endless) {
      done.reject(
        new StorageError("Too many requests are counted at the same time.", {
          code: "storage_contended",
        }),
      );
    }
  }

  #renewLater(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = this.#parts.store.clock.after(
      this.#lifeMs * RENEW_AT,
      () => this.#onTimer(),
    );
  }

  #forgetKnown(): void {
    this.#before = this.#known?.window ?? this.#before;
    this.#known = null;
  }

  /** Takes over the record as it was read. */
  #learn({ value, versionstamp }: Deno.KvEntryMaybe<UseRecord>): void {
    const { store, storeTime, windowMs } = this.#parts;
    const nowMs = store.clock.monotonic();
    this.#forgetKnown();
    let sinceMs = versionstamp === null ? 0 : storeTime.since(versionstamp);
    if (
      value !== null && this.#before === null && windowMs > STRICT_WINDOW_MS
    ) {
      sinceMs = Math.max(sinceMs, storeTime.wallMs() - value.at);
    }
    const window = UseWindow.read(
      windowMs,
      value,
      nowMs,
      sinceMs,
      this.#before,
    );
    this.#known = { window, versionstamp };
    this.#checkedMs = nowMs;
  }
}
