/**
 * Budgets: how much money and how many tokens may be spent in a period. An answer reserves what it may
 * come to before anybody is asked for it, and settles what it came to. Each incarnation has a grant out
 * of each budget, and reserves from that in memory; what it has spent is written with its ledger rows, so
 * whoever fences it knows what is to be counted as spent, and frees the rest.
 */
import { sleep } from "@/lib/clock.ts";
import type { BudgetRule } from "@/lib/config/budgets.ts";
import { allFences } from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import {
  type Amount,
  type AmountLimit,
  left,
  NOTHING,
  plus,
} from "./budget_amount.ts";
import type { TakeAnswer } from "./budget_account.ts";
import { BudgetBooks } from "./budget_books.ts";
import { taken } from "./budget_record.ts";
import { budgetExceeded } from "./budget_refusal.ts";
import {
  type BudgetAsk,
  type BudgetNote,
  BudgetReservation,
} from "./budget_reservation.ts";
import { budgetsFor, type HeldBudget, type KeyBudget } from "./budget_rules.ts";
import type { BudgetSettings } from "./budget_settings.ts";
import { BudgetStore, totalSpent } from "./budget_store.ts";
import { parsePattern, type SubjectKind, type Subjects } from "./subjects.ts";

/** What stands on keys themselves; null: nothing. */
export interface KeyBudgets {
  /** Without waiting; undefined: it has to be loaded. */
  peek(key: string): KeyBudget | null | undefined;
  load(workspace: string, key: string): Promise<KeyBudget | null>;
}

export interface BudgetsParts {
  store: Store;
  owner: Owner;
  settings: BudgetSettings;
  /** What stands on keys themselves. */
  keyBudgets: KeyBudgets;
}

/** All that bounds a request. */
interface Bounds {
  rules: readonly BudgetRule[];
  keyBudget: KeyBudget | null;
}

/** A budget, and how much of it is gone. */
export interface BudgetUse {
  budget: HeldBudget;
  /** By all, what this process has not written yet included. */
  spent: Amount;
  /** What nobody has spent. */
  remaining: AmountLimit;
  /** What nobody has reserved either. */
  free: AmountLimit;
}

/** An attempt that its dead process has not ended. */
export interface UnfinishedAttempt {
  workspace: string;
  note: BudgetNote;
  /** What it counts as. */
  estimate: Amount;
}

const UNBOUNDED: AmountLimit = { microUsd: null, tokens: null };

/** How often is looked after what is not used, in milliseconds. */
const TIDY_MS = 1_000;

export class Budgets {
  readonly #parts: BudgetsParts;
  readonly #store: BudgetStore;
  readonly #ended = new AbortController();
  #books: BudgetBooks;
  #tidying: Promise<void> = Promise.resolve();

  constructor(parts: BudgetsParts) {
    const { owner, settings, store } = parts;
    this.#parts = parts;
    this.#store = new BudgetStore(store);
    this.#books = new BudgetBooks(this.#store, owner.incarnation);
    owner.subscribe((incarnation) => {
      this.#books = new BudgetBooks(this.#store, incarnation);
    });
    settings.onChange((workspace) => this.#rulesChanged(workspace));
  }

  /** Begins to look after what is not used. */
  start(): void {
    this.#tidying = this.#tidy();
  }

  /** Ends; what is held of budgets is found by whoever takes over this incarnation. */
  async close(): Promise<void> {
    this.#ended.abort();
    await this.#tidying;
  }

  /**
   * Reserves what an answer may come to, of every budget that it has to keep: at once where this process
   * has so much of them in hand.
   * @throws {AppError} 402 `budget_exceeded`
   * @throws {StorageError} when the store has to be asked and does not answer
   */
  reserve(
    subjects: Subjects,
    ask: BudgetAsk,
  ): BudgetReservation | Promise<BudgetReservation> {
    const lent = this.lend(subjects, ask);
    if (lent instanceof Promise) return this.#reserveLater(lent);
    const later = this.claim(lent);
    return later === undefined ? lent : later.then(() => lent);
  }

  async #reserveLater(
    later: Promise<BudgetReservation>,
  ): Promise<BudgetReservation> {
    const reservation = await later;
    await this.claim(reservation);
    return reservation;
  }

  /**
   * Reserves what an answer may come to, of the budgets that it has to keep.
   * @throws {AppError} 402 `budget_exceeded` (from the promise, where there is one)
   */
  claim(reservation: BudgetReservation): void | Promise<void> {
    const answer = reservation.take();
    if (answer === true) return;
    if (answer instanceof Promise) {
      return answer.then((all) => this.#assert(all));
    }
    this.#assert(answer);
  }

  #assert(answer: TakeAnswer): void {
    if (answer === true) return;
    throw budgetExceeded(answer, this.#store.clock.now());
  }

  /**
   * For an answer that is paid elsewhere, or before `claim`: nothing is reserved unless it has to pay
   * after all.
   */
  lend(
    subjects: Subjects,
    ask: BudgetAsk,
  ): BudgetReservation | Promise<BudgetReservation> {
    const { settings } = this.#parts;
    const rules = settings.peek(subjects.workspace);
    const keyBudget = this.#keyBudget(subjects);
    return rules === null || keyBudget === undefined
      ? this.#load(subjects)
        .then((loaded) => this.#reservation(subjects, ask, loaded))
      : this.#reservation(subjects, ask, { rules, keyBudget });
  }

  async #load(subjects: Subjects): Promise<Bounds> {
    const { settings, keyBudgets } = this.#parts;
    const { workspace, key } = subjects;
    const there = this.#keyBudget(subjects);
    const [rules, keyBudget] = await Promise.all([
      settings.load(workspace),
      there === undefined ? keyBudgets.load(workspace, key!) : there,
    ]);
    return { rules, keyBudget };
  }

  #keyBudget({ key }: Subjects): KeyBudget | null | undefined {
    return key === null ? null : this.#parts.keyBudgets.peek(key);
  }

  #reservation(
    subjects: Subjects,
    ask: BudgetAsk,
    bounds: Bounds,
  ): BudgetReservation {
    const books = this.#books;
    const accounts = this.#held(subjects, bounds)
      .map((budget) => books.account(budget));
    return new BudgetReservation(ask, accounts, {
      incarnation: books.incarnation.id,
      current: () => this.#books,
    });
  }

  #held(
    subjects: Subjects,
    { rules, keyBudget }: Bounds,
  ): HeldBudget[] {
    return budgetsFor(rules, subjects, this.#store.clock.now(), keyBudget);
  }

  /** The budgets that somebody has to keep, with what is left of them now. */
  async effective(subjects: Subjects): Promise<BudgetUse[]> {
    const bounds = await this.#load(subjects);
    return await Promise.all(
      this.#held(subjects, bounds).map((budget) => this.#use(budget)),
    );
  }

  async #use(budget: HeldBudget): Promise<BudgetUse> {
    const { workspace, subject, span, limit } = budget;
    const place = { workspace, subject, period: span.name };
    const told = await this.#store.spent(place);
    const { record } = await this.#store.read(budget);
    const books = this.#books;
    const own = books.find(budget)?.use ??
      { used: NOTHING, reserved: NOTHING, grant: NOTHING };
    const incarnation = books.incarnation.id;
    const spent = totalSpent(record, told, { incarnation, used: own.used });
    const slack = record.grants[incarnation] ?? NOTHING;
    const inHand = plus(own.used, own.reserved);
    const reserved = {
      microUsd: taken(record).microUsd - slack.microUsd + inHand.microUsd,
      tokens: taken(record).tokens - slack.tokens + inHand.tokens,
    };
    return {
      budget,
      spent,
      remaining: left(limit, spent),
      free: left(limit, reserved),
    };
  }

  /**
   * Ends the part that a dead incarnation had in budgets: what it has spent, and what its unfinished
   * attempts count as, is closed, and the rest is free. To be called before any of the attempts is taken
   * over; doing it again changes nothing.
   */
  async bury(
    incarnation: string,
    attempts: readonly UnfinishedAttempt[],
  ): Promise<void> {
    for (const place of await this.#store.heldBy(incarnation)) {
      const estimate = attempts
        .filter(({ workspace, note }) =>
          workspace === place.workspace &&
          note.of.some(([subject, period]) =>
            subject === place.subject && period === place.period
          )
        )
        .reduce((sum, attempt) => plus(sum, attempt.estimate), NOTHING);
      await this.#store.close(place, incarnation, estimate);
    }
  }

  /** The rules are others: every account of theirs looks at once at what it may still spend. */
  #rulesChanged(workspace: string): void {
    const rules = this.#parts.settings.peek(workspace) ?? [];
    for (const account of this.#books.accounts) {
      const { budget } = account;
      if (budget.workspace !== workspace) continue;
      // Its period may be over while an answer goes on that began in it.
      const subjects = only(budget);
      const keyBudget = this.#keyBudget(subjects) ?? null;
      const { limit, soft } = this.#held(subjects, { rules, keyBudget })
        .find(({ span }) => span.period === budget.span.period) ??
        { limit: UNBOUNDED, soft: UNBOUNDED };
      account.hold({ ...budget, limit, soft });
    }
  }

  async #tidy(): Promise<void> {
    const { signal } = this.#ended;
    const { clock } = this.#parts.store;
    while (!signal.aborted) {
      await sleep(clock, TIDY_MS, signal);
      if (signal.aborted) return;
      // What fails is done by the next round.
      await this.tidy().catch(() => {});
    }
  }

  /** Looks once after what is not used. */
  async tidy(): Promise<void> {
    const { store } = this.#parts;
    const rows = list(store, allFences(), { limit: 2 });
    const alive = await Array.fromAsync(rows);
    this.#books.tidy(alive.length > 1);
  }

  /** Resolves when the store is not being asked any more. */
  async settled(): Promise<void> {
    await this.#books.settled();
  }
}

/** The subject of a budget, as if it alone asked. */
function only({ workspace, subject }: HeldBudget): Subjects {
  const pattern = parsePattern(subject);
  const idOf = (kind: SubjectKind) =>
    pattern?.kind === kind ? pattern.id : null;
  const group = idOf("group");
  return {
    workspace,
    groups: group === null ? [] : [group],
    user: idOf("user"),
    key: idOf("key"),
    model: idOf("model"),
    address: idOf("address"),
  };
}
