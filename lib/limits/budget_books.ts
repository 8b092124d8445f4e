/** The budgets that one incarnation spends of. */
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import { BudgetAccount } from "./budget_account.ts";
import { budgetName, type HeldBudget } from "./budget_rules.ts";
import type { BudgetStore } from "./budget_store.ts";

/** What nobody has asked of for so long goes back to the others, in milliseconds. */
const UNUSED_MS = 1_000;
/** What nobody has asked of for so long is ended and forgotten, in milliseconds. */
const FORGOTTEN_MS = 10 * 60_000;
/** A period is over for so long before its parts are ended, in milliseconds. */
const PAST_MS = 5_000;

export class BudgetBooks {
  readonly incarnation: Incarnation;
  readonly #store: BudgetStore;
  readonly #accounts = new Map<string, BudgetAccount>();

  constructor(store: BudgetStore, incarnation: Incarnation) {
    this.#store = store;
    this.incarnation = incarnation;
  }

  /** The account of a budget as the rules have it now. */
  account(budget: HeldBudget): BudgetAccount {
    const name = budgetName(budget);
    const there = this.#accounts.get(name);
    if (there !== undefined) {
      there.hold(budget);
      return there;
    }
    const account = new BudgetAccount(this.#store, this.incarnation, budget);
    this.#accounts.set(name, account);
    return account;
  }

  /** The account of a budget, if anything has been asked of it here. */
  find(budget: HeldBudget): BudgetAccount | null {
    return this.#accounts.get(budgetName(budget)) ?? null;
  }

  /** All accounts. */
  get accounts(): Iterable<BudgetAccount> {
    return this.#accounts.values();
  }

  /**
   * Looks after what is not used: to be called every second or so.
   * @param hasPeers other processes may want what this one does not use
   */
  tidy(hasPeers: boolean): void {
    const { clock } = this.#store;
    const nowMs = clock.monotonic();
    for (const [name, account] of this.#accounts) {
      const { endsAtMs } = account.budget.span;
      const unusedMs = nowMs - account.lastTakenMs;
      const isPast = endsAtMs !== null && clock.now() > endsAtMs + PAST_MS &&
        unusedMs > PAST_MS;
      if (isPast || unusedMs > FORGOTTEN_MS) {
        if (account.hasEnded) this.#accounts.delete(name);
        else account.end();
        continue;
      }
      account.catchUp();
      if (hasPeers && unusedMs > UNUSED_MS) account.returnUnused();
    }
  }

  /** Resolves when the store is not being asked any more. */
  async settled(): Promise<void> {
    await Promise.all(
      [...this.#accounts.values()].map((each) => each.settled()),
    );
  }
}
