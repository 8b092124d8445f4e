/** What one answer has reserved of all the budgets that it has to keep. */
import type { CounterAdd } from "@/lib/kv/lane_counter.ts";
import type { BudgetAccount, BudgetRefusal } from "./budget_account.ts";
import { type Amount, isSame, minus, NOTHING } from "./budget_amount.ts";
import type { BudgetBooks } from "./budget_books.ts";

/** What an answer may come to. */
export interface BudgetAsk {
  /** Tokens of the prompt, by estimate. */
  inputTokens: number;
  /** Tokens of the answer to reserve at first: as many as it may have, or a step. */
  outputTokens: number;
  /** Tokens of each further step; null: it was asked for no more than the first. */
  stepTokens: number | null;
  /** Micro-dollars of so many tokens by the dearest model that may answer; 0 where none has a price. */
  cost: (inputTokens: number, outputTokens: number) => number;
}

/** What a run keeps, so that whoever ends it in the place of its owner knows what it has spent of. */
export interface BudgetNote {
  /** Tokens of its prompt, by estimate. */
  inputTokens: number;
  /** Subject and name of the period of each budget. */
  of: readonly (readonly [string, string])[];
}

/** What the entry of the lane carries that ends an attempt. */
export type SpentCounters = CounterAdd[];

/** What an attempt has come to. */
export interface Spent {
  /** Null: the model had no price. */
  microUsd: number | null;
  tokens: number;
}

/** Part of a step that is left when the next one is asked for. */
const EARLY_PART = 4;

/**
 * Tokens that an answer may have beyond what it was asked for before it has to reserve for them. Counts are
 * estimates while it goes on, and not every provider keeps to `max_tokens`.
 */
const BEYOND_TOKENS = 1_024;

/** Books of the incarnation that counts now. */
export type CurrentBooks = () => BudgetBooks;

export class BudgetReservation {
  readonly #ask: BudgetAsk;
  readonly #accounts: readonly BudgetAccount[];
  readonly #incarnation: string;
  readonly #current: CurrentBooks;
  /** What is reserved in each account. */
  #amount: Amount = NOTHING;
  #outputTokens = 0;
  #extending: Promise<boolean> | null = null;
  #isOver = false;
  /** Reserved by a note in the store. */
  #open: Amount = NOTHING;

  /** Reserves nothing yet; see `take`. */
  constructor(
    ask: BudgetAsk,
    accounts: readonly BudgetAccount[],
    books: { incarnation: string; current: CurrentBooks },
  ) {
    this.#ask = ask;
    this.#accounts = accounts;
    this.#incarnation = books.incarnation;
    this.#current = books.current;
  }

  /** What is kept of it with its run; undefined when it keeps to no budget. */
  get note(): BudgetNote | undefined {
    if (this.#accounts.length === 0) return undefined;
    return {
      inputTokens: this.#ask.inputTokens,
      of: this.#accounts.map(({ budget }) => [
        budget.subject,
        budget.span.name,
      ]),
    };
  }

  /** Reserves for so many tokens of the answer. True, the refusal, or both later. */
  take(
    outputTokens = this.#ask.outputTokens,
  ): true | BudgetRefusal | Promise<true | BudgetRefusal> {
    const { inputTokens, cost } = this.#ask;
    const wanted: Amount = {
      microUsd: cost(inputTokens, outputTokens),
      tokens: inputTokens + outputTokens,
    };
    const more = minus(wanted, this.#amount);
    const taken: BudgetAccount[] = [];
    for (const account of this.#accounts) {
      const answer = account.take(more);
      if (answer === true) {
        taken.push(account);
        continue;
      }
      // Whoever waits holds nothing back from others.
      for (const each of taken) each.giveBack(more);
      return answer ?? this.#askAll(more, outputTokens);
    }
    this.#taken(more, outputTokens);
    return true;
  }

  async #askAll(
    more: Amount,
    outputTokens: number,
  ): Promise<true | BudgetRefusal> {
    const taken: BudgetAccount[] = [];
    try {
      for (const account of this.#accounts) {
        const answer = account.take(more) ?? await account.ask(more);
        if (answer !== true) {
          for (const each of taken) each.giveBack(more);
          return answer;
        }
        taken.push(account);
      }
    } catch (error) {
      for (const each of taken) each.giveBack(more);
      throw error;
    }
    this.#taken(more, outputTokens);
    return true;
  }

  #taken(more: Amount, outputTokens: number): void {
    // It was given up while it was asked for.
    if (this.#isOver) {
      for (const account of this.#accounts) account.giveBack(more);
      return;
    }
    this.#amount = {
      microUsd: this.#amount.microUsd + more.microUsd,
      tokens: this.#amount.tokens + more.tokens,
    };
    this.#outputTokens = outputTokens;
  }

  /**
   * Whether the answer may go on that has so many tokens: what it is to have next is reserved a little
   * before it is needed. Later only where that has to be waited for.
   */
  covers(outputTokens: number): boolean | Promise<boolean> {
    if (this.#accounts.length === 0) return true;
    const { stepTokens } = this.#ask;
    const hasFirst = this.#outputTokens > 0 || this.#ask.outputTokens === 0;
    if (stepTokens === null) {
      const most = this.#outputTokens + BEYOND_TOKENS;
      const isWithin = hasFirst && (outputTokens <= most || this.#isOver);
      return isWithin || this.#extend(outputTokens);
    }
    const left = this.#outputTokens - outputTokens;
    if (left > stepTokens / EARLY_PART) return true;
    if (this.#isOver) return true;
    const extended = this.#extend(outputTokens);
    return left > 0 || extended;
  }

  #extend(outputTokens: number): boolean | Promise<boolean> {
    if (this.#extending !== null) return this.#extending;
    const { stepTokens, outputTokens: first } = this.#ask;
    const next = stepTokens === null || this.#outputTokens === 0
      ? Math.max(first, outputTokens)
      : Math.max(this.#outputTokens, outputTokens) + stepTokens;
    const answer = this.take(next);
    if (!(answer instanceof Promise)) return answer === true;
    // A store that does not answer ends nobody's answer: what goes on is made up for by the next step.
    this.#extending = answer.then((given) => given === true, () => true)
      .finally(() => this.#extending = null);
    return this.#extending;
  }

  /**
   * What the attempt has come to; nothing is reserved any more.
   * @param incarnation whose lane writes the entry
   * @returns what the entry has to carry that tells the ledger of it
   */
  settle({ microUsd, tokens }: Spent, incarnation: string): SpentCounters {
    if (this.#isOver) return [];
    this.#isOver = true;
    const used: Amount = { microUsd: microUsd ?? 0, tokens };
    const isFree = isSame(used, NOTHING);
    if (incarnation === this.#incarnation) {
      const adds = this.#accounts.map((account) =>
        account.settle(this.#amount, used)
      );
      return isFree ? this.#closeNote() : [...adds, ...this.#closeNote()];
    }
    // Another incarnation has followed: what was reserved went with the one before.
    if (isFree || incarnation !== this.#current().incarnation.id) return [];
    return this.#accounts.map(({ budget }) =>
      this.#current().account(budget).settle(NOTHING, used)
    );
  }

  /** Nothing came of it. */
  release(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const account of this.#accounts) account.giveBack(this.#amount);
  }

  /** Nothing is to be paid as things are; `covers` reserves again where that changes. */
  lend(): void {
    for (const account of this.#accounts) account.giveBack(this.#amount);
    this.#amount = NOTHING;
    this.#outputTokens = 0;
  }

  /**
   * Notes in the store what is reserved, for a call that has no run: if its process dies, that much counts
   * as spent. To be written by the lane before the call's end is.
   */
  writeNote(): CounterAdd[] {
    this.#open = this.#amount;
    return this.#accounts.map((account) => account.open(this.#open));
  }

  #closeNote(): CounterAdd[] {
    if (isSame(this.#open, NOTHING)) return [];
    const closed = minus(NOTHING, this.#open);
    return this.#accounts.map((account) => account.open(closed));
  }
}
