/** Budgets in the store. Every write checks the record that it changes, so of several one wins. */
import { StorageError } from "@/lib/errors.ts";
import { commit } from "@/lib/kv/commit.ts";
import type { Incarnation } from "@/lib/kv/incarnation.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { CounterValues } from "@/lib/kv/lane_counter.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, getMany, list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { type Amount, NOTHING, plus, sum } from "./budget_amount.ts";
import { resetWords } from "./budget_period.ts";
import {
  type BudgetNotice,
  type BudgetRecord,
  closed,
  freshRecord,
} from "./budget_record.ts";
import type { HeldBudget } from "./budget_rules.ts";

/** A budget as it was read. */
export interface StoredBudget {
  record: BudgetRecord;
  /** Null: there is no record yet. */
  versionstamp: string | null;
}

/** Which budget a row is of. */
export interface BudgetPlace {
  workspace: string;
  subject: string;
  /** Name of the period. */
  period: string;
}

/** A row that a lane writes of a budget. */
type SpentRecord = Versioned & CounterValues;

/** How long the record of a period is kept after it was written last, in milliseconds: 400 days. */
const KEPT_MS = 400 * 86_400_000;

/** The record of all of time is kept for all of time. */
function expiryOf({ period }: BudgetPlace): { expireInMs?: number } {
  return period === "total" ? {} : { expireInMs: KEPT_MS };
}

/** Names of a counter's numbers. */
export const SPENT_NAMES = {
  microUsd: "microUsd",
  tokens: "tokens",
  /** Reserved by calls that leave no trace but this one when their process dies. */
  openMicroUsd: "openMicroUsd",
  openTokens: "openTokens",
} as const;

/** What was spent, out of a counter. */
export function spentOf(values: CounterValues | null): Amount {
  const { microUsd = 0, tokens = 0 } = values ?? {};
  return { microUsd, tokens };
}

/** What was under way, out of a counter. */
export function openOf(values: CounterValues | null): Amount {
  const { openMicroUsd = 0, openTokens = 0 } = values ?? {};
  return { microUsd: openMicroUsd, tokens: openTokens };
}

export function placeOf(
  { workspace, subject, span }: HeldBudget,
): BudgetPlace {
  return { workspace, subject, period: span.name };
}

export class BudgetStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  get clock(): Store["clock"] {
    return this.#store.clock;
  }

  async read(budget: HeldBudget): Promise<StoredBudget> {
    const { workspace, subject, period } = placeOf(budget);
    const { value, versionstamp } = await get<BudgetRecord>(
      this.#store,
      keys.budgetKey(workspace, subject, period),
    );
    return { record: value ?? freshRecord(budget.limit), versionstamp };
  }

  /** What incarnations have spent whose grants still stand, by incarnation. */
  async spent(
    { workspace, subject, period }: BudgetPlace,
  ): Promise<Map<string, Amount>> {
    const spent = new Map<string, Amount>();
    const rows = list<SpentRecord>(
      this.#store,
      keys.budgetSpent(workspace, subject, period),
    );
    for await (const { key, value } of rows) {
      spent.set(String(key.at(-1)), spentOf(value));
    }
    return spent;
  }

  /**
   * Writes a record in which an incarnation has another grant than before, or something is noted.
   * @returns false: the record is not as it was
   * @throws {StorageError} when another process has taken over the incarnation
   * @throws as `commit` does
   */
  async write(
    incarnation: Incarnation,
    budget: HeldBudget,
    { record: before, versionstamp }: StoredBudget,
    record: BudgetRecord,
    events: readonly OutboxEvent[],
  ): Promise<boolean> {
    const place = placeOf(budget);
    const { workspace, subject, period } = place;
    const { id } = incarnation;
    const unit = incarnation.checkFence(new UnitOfWork()).guard(
      keys.budgetKey(workspace, subject, period),
      versionstamp,
      record,
      expiryOf(place),
    );
    if (before.grants[id] === undefined && record.grants[id] !== undefined) {
      const holder = keys.budgetHolderKey(id, workspace, subject, period);
      unit.set(holder, { v: 1 });
    }
    for (const event of events) unit.event(workspace, event);
    if ((await commit(this.#store, unit)).ok) return true;
    const born = await get(this.#store, keys.fenceKey(id));
    if (born.versionstamp !== null) return false;
    // The lane finds out, and another incarnation follows.
    incarnation.lane.renew().catch(() => {});
    throw new StorageError("Another process has taken over this one's work.");
  }

  /**
   * Ends the part of an incarnation in a budget: what it has spent is closed, and its grant is free. Who
   * calls it makes sure that its lane writes no more of the budget.
   * @param estimates what else has to be counted as spent
   */
  async close(
    place: BudgetPlace,
    incarnation: string,
    estimates: Amount = NOTHING,
  ): Promise<void> {
    const { workspace, subject, period } = place;
    const key = keys.budgetKey(workspace, subject, period);
    const spentKey = keys.budgetSpentKey(
      workspace,
      subject,
      period,
      incarnation,
    );
    for (;;) {
      const [budget, spent] = await getMany<[BudgetRecord, SpentRecord]>(
        this.#store,
        [key, spentKey],
      );
      const record = budget.value;
      if (record === null || record.grants[incarnation] === undefined) return;
      const all = sum([
        spentOf(spent.value),
        openOf(spent.value),
        estimates,
      ]);
      const holder = keys.budgetHolderKey(
        incarnation,
        workspace,
        subject,
        period,
      );
      const unit = new UnitOfWork()
        .guard(
          key,
          budget.versionstamp,
          closed(record, incarnation, all),
          expiryOf(place),
        )
        .delete(spentKey)
        .delete(holder);
      if ((await commit(this.#store, unit)).ok) return;
    }
  }

  /** The budgets that an incarnation holds a part of. */
  async heldBy(incarnation: string): Promise<BudgetPlace[]> {
    const rows = list(this.#store, keys.budgetsHeldBy(incarnation));
    const places: BudgetPlace[] = [];
    for await (const { key } of rows) {
      const { workspace, subject, period } = keys.parseBudgetHolderKey(key);
      places.push({ workspace, subject, period });
    }
    return places;
  }
}

/** The event that tells of a budget. */
export function budgetEvent(
  notice: BudgetNotice,
  { subject, span, limit }: HeldBudget,
  spent: Amount,
  atMs: number,
): OutboxEvent {
  return {
    type: `budget.${notice}`,
    at: atMs,
    subject,
    data: {
      period: span.period,
      periodName: span.name,
      limitMicroUsd: limit.microUsd,
      limitTokens: limit.tokens,
      spentMicroUsd: spent.microUsd,
      spentTokens: spent.tokens,
      resetsAt: resetWords(span, atMs)?.resetsAt ?? null,
    },
  };
}

/** What all have spent of a budget: what is closed, what others told, and what one knows of its own. */
export function totalSpent(
  record: BudgetRecord,
  told: ReadonlyMap<string, Amount>,
  own: { incarnation: string; used: Amount },
): Amount {
  let total = plus(record.closed, own.used);
  for (const [incarnation, spent] of told) {
    // Without a grant its part is closed, or being closed.
    const counts = incarnation !== own.incarnation &&
      record.grants[incarnation] !== undefined;
    if (counts) total = plus(total, spent);
  }
  return total;
}
