/**
 * What one incarnation may spend of one budget in one period. Requests take from its grant in memory; only
 * when that does not suffice the store is asked for more, once for all who wait.
 */
import { sleep } from "@/lib/clock.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import { budgetSpentKey } from "@/lib/kv/keys.ts";
import { type CounterAdd, LaneCounter } from "@/lib/kv/lane_counter.ts";
import {
  type Amount,
  type AmountLimit,
  atLeast,
  fits,
  isSame,
  isSameLimit,
  left,
  minus,
  NOTHING,
  plus,
  sum,
} from "./budget_amount.ts";
import { takenByOthers, withGrant, withNotices } from "./budget_record.ts";
import { type HeldBudget, isBeyondSoft, isSameBudget } from "./budget_rules.ts";
import { nextSlice } from "./budget_slice.ts";
import {
  budgetEvent,
  type BudgetStore,
  openOf,
  placeOf,
  SPENT_NAMES,
  spentOf,
  type StoredBudget,
  totalSpent,
} from "./budget_store.ts";

/** Why a budget did not give what was asked of it. */
export interface BudgetRefusal {
  budget: HeldBudget;
  want: Amount;
  /** What was left for all. */
  left: AmountLimit;
}

/** Whether there is enough: yes, or why not. */
export type TakeAnswer = true | BudgetRefusal;

interface Waiter {
  want: Amount;
  answer: PromiseWithResolvers<TakeAnswer>;
}

/** For so long nobody asks the store again about what it has refused, in milliseconds. */
const REFUSED_MS = 250;
/** How often is looked whether a warning is due while only others may have spent, in milliseconds. */
const WARN_CHECK_MS = 1_000;
/** A pause after a write that another process was faster with, at most, in milliseconds. */
const CONFLICT_PAUSE_MS = 20;

export class BudgetAccount {
  readonly #store: BudgetStore;
  readonly #incarnation: Incarnation;
  #counter: LaneCounter;
  #budget: HeldBudget;
  /** What the store has granted; it may have granted more, never less. */
  #grant: Amount = NOTHING;
  #used: Amount = NOTHING;
  #reserved: Amount = NOTHING;
  /** What all others may spend or have spent, as it was read last; null: it never was. */
  #others: Amount | null = null;
  #warned: AmountLimit | null = null;
  #waiters: Waiter[] = [];
  #filling: Promise<void> | null = null;
  #wantsRound = false;
  #returns = false;
  /** The rules have changed since the store was asked, or the part in the budget is being ended. */
  #isStale = false;
  #ends = false;
  #refusedUntilMs = -Infinity;
  #warnCheckMs = -Infinity;
  #lastTakenMs: number;
  #slice = { size: NOTHING, want: NOTHING, atMs: -Infinity };

  constructor(
    store: BudgetStore,
    incarnation: Incarnation,
    budget: HeldBudget,
  ) {
    this.#store = store;
    this.#incarnation = incarnation;
    this.#budget = budget;
    this.#lastTakenMs = store.clock.monotonic();
    this.#counter = this.#newCounter();
  }

  get budget(): HeldBudget {
    return this.#budget;
  }

  /** What this incarnation has spent and what its requests have reserved. */
  get use(): { used: Amount; reserved: Amount; grant: Amount } {
    return { used: this.#used, reserved: this.#reserved, grant: this.#grant };
  }

  /** When something was taken last, by the monotonic clock. */
  get lastTakenMs(): number {
    return this.#lastTakenMs;
  }

  /** Somebody has changed the rules: what is granted is looked at anew before anybody gets more of it. */
  hold(budget: HeldBudget): void {
    if (isSameBudget(this.#budget, budget)) return;
    this.#budget = budget;
    this.#isStale = true;
    this.#refusedUntilMs = -Infinity;
    this.#wantsRound = true;
    this.#wake();
  }

  /**
   * Takes an amount where that is possible without asking, or says at once that it is not there; null:
   * the store has to be asked.
   */
  take(want: Amount): TakeAnswer | null {
    const nowMs = this.#store.clock.monotonic();
    this.#lastTakenMs = nowMs;
    const next = plus(this.#committed, want);
    const isOpen = !this.#isStale && this.#others !== null;
    if (isOpen && fits(next, this.#granted)) {
      this.#reserved = plus(this.#reserved, want);
      this.#slice.want = atLeast(this.#slice.want, want);
      this.#refillEarly(nowMs);
      return true;
    }
    if (!isOpen || nowMs >= this.#refusedUntilMs) return null;
    const all = plus(this.#others ?? NOTHING, next);
    return fits(all, this.#budget.limit) ? null : this.#refusal(want);
  }

  /** Takes an amount as soon as the store has granted it, or says why it is not there. */
  ask(want: Amount): Promise<TakeAnswer> {
    const answer = Promise.withResolvers<TakeAnswer>();
    this.#waiters.push({ want, answer });
    this.#wake();
    return answer.promise;
  }

  /** Gives back what was taken and not used. */
  giveBack(amount: Amount): void {
    this.#reserved = minus(this.#reserved, amount);
  }

  /**
   * What was taken has come to this: it may be less, or more.
   * @returns what the entry has to carry that tells the ledger of it
   */
  settle(reserved: Amount, used: Amount): CounterAdd {
    this.giveBack(reserved);
    this.#used = plus(this.#used, used);
    this.catchUp();
    return this.#add(used, NOTHING);
  }

  /** Says in the store that an amount is under way, for a call that leaves no other trace; negative: no more. */
  open(amount: Amount): CounterAdd {
    return this.#add(NOTHING, amount);
  }

  #add(used: Amount, open: Amount): CounterAdd {
    return {
      counter: this.#counter,
      add: {
        [SPENT_NAMES.microUsd]: used.microUsd,
        [SPENT_NAMES.tokens]: used.tokens,
        [SPENT_NAMES.openMicroUsd]: open.microUsd,
        [SPENT_NAMES.openTokens]: open.tokens,
      },
    };
  }

  /** Gives what nobody uses to the other incarnations. */
  returnUnused(): void {
    if (fits(this.#grant, this.#committed)) return;
    this.#returns = true;
    this.#wantsRound = true;
    this.#wake();
  }

  /** Writes what has to be written: a warning that is due, or spending beyond the grant. */
  catchUp(): void {
    const isGranted = this.#others !== null
      ? fits(this.#committed, this.#granted)
      : isSame(this.#used, NOTHING);
    if (isGranted && !this.#mayWarn()) return;
    this.#wantsRound = true;
    this.#wake();
  }

  /** Nothing is under way, and all that was spent is in the store. */
  get isAtRest(): boolean {
    return this.#filling === null && this.#isIdle;
  }

  get #isIdle(): boolean {
    const { values } = this.#counter;
    return this.#waiters.length === 0 &&
      isSame(this.#reserved, NOTHING) && isSame(openOf(values), NOTHING) &&
      isSame(spentOf(values), this.#used);
  }

  /**
   * Ends the part of this incarnation in the budget where nothing is under way: what it has spent is
   * closed, what was granted is free. Whoever takes something afterwards begins a new part.
   */
  end(): void {
    if (!this.isAtRest) return;
    this.#ends = true;
    this.#isStale = true;
    this.#wake();
  }

  /** It holds nothing, and nobody has asked it for anything since it was ended. */
  get hasEnded(): boolean {
    return this.#others === null && this.isAtRest;
  }

  /** Resolves when the store is not being asked any more. */
  async settled(): Promise<void> {
    while (this.#filling !== null) await this.#filling;
  }

  get #committed(): Amount {
    return plus(this.#used, this.#reserved);
  }

  /** The grant as a bound; without one where the budget has none. */
  get #granted(): AmountLimit {
    const { limit } = this.#budget;
    return {
      microUsd: limit.microUsd === null ? null : this.#grant.microUsd,
      tokens: limit.tokens === null ? null : this.#grant.tokens,
    };
  }

  #refusal(want: Amount): BudgetRefusal {
    const all = plus(this.#others ?? NOTHING, this.#committed);
    return { budget: this.#budget, want, left: left(this.#budget.limit, all) };
  }

  #mayWarn(): boolean {
    const { limit } = this.#budget;
    if (this.#warned !== null && isSameLimit(this.#warned, limit)) return false;
    if (this.#store.clock.monotonic() < this.#warnCheckMs) return false;
    return isBeyondSoft(
      plus(this.#others ?? NOTHING, this.#used),
      this.#budget,
    );
  }

  /** Asks for the next slice before this one is used up, so that nobody has to wait for it. */
  #refillEarly(nowMs: number): void {
    const { size, want, atMs } = this.#slice;
    if (this.#filling !== null || nowMs - atMs < CONFLICT_PAUSE_MS) return;
    const rest = minus(this.#grant, this.#committed);
    const { limit } = this.#budget;
    const isLow = (name: keyof Amount) =>
      limit[name] !== null && size[name] > 0 &&
      rest[name] < Math.max(size[name] / 4, want[name]);
    if (!isLow("microUsd") && !isLow("tokens")) return;
    this.#slice.atMs = nowMs;
    this.#wantsRound = true;
    this.#wake();
  }

  #wake(): void {
    if (this.#filling !== null) return;
    this.#filling = this.#fill().finally(() => {
      this.#filling = null;
      if (this.#waiters.length > 0) this.#wake();
    });
  }

  async #fill(): Promise<void> {
    if (this.#ends && !await this.#end()) return;
    while (this.#waiters.length > 0 || this.#wantsRound) {
      this.#wantsRound = false;
      const waiters = this.#waiters;
      this.#waiters = [];
      try {
        if (await this.#round(waiters)) continue;
        this.#waiters.unshift(...waiters);
        this.#wantsRound = true;
        const { clock } = this.#store;
        await sleep(clock, Math.random() * CONFLICT_PAUSE_MS);
      } catch (error) {
        for (const { answer } of waiters) answer.reject(error);
        // Whoever comes next, or `catchUp`, tries again.
        if (waiters.length === 0) return;
      }
    }
  }

  /** Ends the part, however often it takes: what became of a write is not known until it has been read. */
  async #end(): Promise<boolean> {
    try {
      await this.#store.close(placeOf(this.#budget), this.#incarnation.id);
    } catch (error) {
      for (const { answer } of this.#waiters.splice(0)) answer.reject(error);
      return false;
    }
    this.#ends = false;
    this.#used = NOTHING;
    this.#grant = NOTHING;
    this.#others = null;
    this.#slice = { size: NOTHING, want: NOTHING, atMs: -Infinity };
    this.#counter = this.#newCounter();
    return true;
  }

  #newCounter(): LaneCounter {
    const { workspace, subject, span } = this.#budget;
    const { id } = this.#incarnation;
    return new LaneCounter(
      budgetSpentKey(workspace, subject, span.name, id),
    );
  }

  /** Asks once for all who wait. False: another process was faster. */
  async #round(waiters: readonly Waiter[]): Promise<boolean> {
    const returns = this.#returns;
    this.#returns = false;
    const stored = await this.#store.read(this.#budget);
    const budget = this.#budget;
    const { record } = stored;
    const { id } = this.#incarnation;
    const others = takenByOthers(record, id);
    this.#others = others;
    const admitted: Waiter[] = [];
    const refused: Waiter[] = [];
    let need = this.#committed;
    for (const waiter of waiters) {
      const next = plus(need, waiter.want);
      if (!fits(plus(others, next), budget.limit)) refused.push(waiter);
      else {
        need = next;
        admitted.push(waiter);
      }
    }
    const promised = sum(admitted.map(({ want }) => want));
    // From here on nobody else can take what is promised.
    this.#reserved = plus(this.#reserved, promised);
    try {
      const isWritten = await this.#write(stored, {
        budget,
        target: this.#target(stored, need, { promised, returns }),
        isRefused: refused.length > 0,
      });
      if (!isWritten) {
        this.#reserved = minus(this.#reserved, promised);
        return false;
      }
    } catch (error) {
      this.#reserved = minus(this.#reserved, promised);
      throw error;
    }
    this.#isStale &&= budget !== this.#budget;
    for (const { answer } of admitted) answer.resolve(true);
    if (refused.length > 0) {
      this.#refusedUntilMs = this.#store.clock.monotonic() + REFUSED_MS;
    }
    for (const { want, answer } of refused) {
      answer.resolve(this.#refusal(want));
    }
    return true;
  }

  /** The grant to have from now on: at least what is needed. */
  #target(
    { record }: StoredBudget,
    need: Amount,
    { promised, returns }: { promised: Amount; returns: boolean },
  ): Amount {
    const others = this.#others!;
    const mine = record.grants[this.#incarnation.id] ?? NOTHING;
    const { limit } = this.#budget;
    if (returns) return need;
    this.#slice = nextSlice(this.#slice, {
      want: promised,
      free: left(limit, plus(others, need)),
      nowMs: this.#store.clock.monotonic(),
    });
    const wished = plus(need, this.#slice.size);
    const kept = atLeast(wished, mine);
    return fits(plus(others, kept), limit) ? kept : wished;
  }

  async #write(
    stored: StoredBudget,
    { budget, target, isRefused }: {
      budget: HeldBudget;
      target: Amount;
      isRefused: boolean;
    },
  ): Promise<boolean> {
    const { id } = this.#incarnation;
    const before = stored.record;
    // What is to be given back must not be taken while it is on its way.
    this.#grant = {
      microUsd: Math.min(this.#grant.microUsd, target.microUsd),
      tokens: Math.min(this.#grant.tokens, target.tokens),
    };
    const spent = await this.#spent(stored, isRefused);
    const mine = before.grants[id];
    const granted = mine !== undefined && isSame(mine, target)
      ? before
      : withGrant(before, id, target);
    const { record, notices } = withNotices(granted, budget, spent, isRefused);
    if (granted !== before || notices.length > 0) {
      const atMs = this.#store.clock.now();
      const events = notices.map((notice) =>
        budgetEvent(notice, budget, spent, atMs)
      );
      const isWritten = await this.#store.write(
        this.#incarnation,
        budget,
        stored,
        record,
        events,
      );
      if (!isWritten) return false;
    }
    this.#grant = target;
    this.#warned = record.warned;
    return true;
  }

  /** What all have spent, at most; exactly where that has to be told. */
  async #spent(
    { record }: StoredBudget,
    isRefused: boolean,
  ): Promise<Amount> {
    const { id } = this.#incarnation;
    const most = plus(this.#others!, this.#used);
    const isTold = (under: AmountLimit | null) =>
      under !== null && isSameLimit(under, this.#budget.limit);
    const mayWarn = !isTold(record.warned) && isBeyondSoft(most, this.#budget);
    const tells = isRefused && !isTold(record.exceeded);
    if (!mayWarn && !tells) return most;
    this.#warnCheckMs = this.#store.clock.monotonic() + WARN_CHECK_MS;
    const told = await this.#store.spent(placeOf(this.#budget));
    return totalSpent(record, told, { incarnation: id, used: this.#used });
  }
}
