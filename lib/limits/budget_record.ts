/** What the store has of a budget in one period, and how it may change. */
import type { Versioned } from "@/lib/kv/store.ts";
import {
  type Amount,
  type AmountLimit,
  isSameLimit,
  NOTHING,
  plus,
  sum,
} from "./budget_amount.ts";
import { type HeldBudget, isBeyondSoft } from "./budget_rules.ts";

/**
 * `closed` is what incarnations that are gone have spent; each of those that count has a grant, which it
 * may spend without asking again. For each part that is bounded, `closed` and all grants together keep
 * the limit, except for what answers came to beyond what was reserved for them.
 */
export interface BudgetRecord extends Versioned {
  readonly v: 1;
  /** As it was when the record was written last; the rules say what it is now. */
  readonly limit: AmountLimit;
  readonly closed: Amount;
  /** By incarnation. */
  readonly grants: Readonly<Record<string, Amount>>;
  /** Limit under which a warning has gone out; null: none has. */
  readonly warned: AmountLimit | null;
  /** Limit under which a request was refused, or an answer cut off, and that was told; null: none was. */
  readonly exceeded: AmountLimit | null;
  readonly token?: string;
}

/** A budget of which nothing has been spent. */
export function freshRecord(limit: AmountLimit): BudgetRecord {
  return {
    v: 1,
    limit,
    closed: NOTHING,
    grants: {},
    warned: null,
    exceeded: null,
  };
}

/** All that is spent or may be spent without asking, except by one incarnation. */
export function takenByOthers(
  { closed, grants }: BudgetRecord,
  incarnation: string,
): Amount {
  const others = Object.entries(grants)
    .filter(([holder]) => holder !== incarnation)
    .map(([, grant]) => grant);
  return plus(closed, sum(others));
}

/** All that is spent or may be spent without asking. */
export function taken({ closed, grants }: BudgetRecord): Amount {
  return plus(closed, sum(Object.values(grants)));
}

/** With another grant for an incarnation; null takes it away. */
export function withGrant(
  record: BudgetRecord,
  incarnation: string,
  grant: Amount | null,
): BudgetRecord {
  const { [incarnation]: _, ...others } = record.grants;
  return {
    ...record,
    grants: grant === null ? others : { ...others, [incarnation]: grant },
  };
}

/** An incarnation is gone, or done with the period: what it has spent is spent, the rest is free again. */
export function closed(
  record: BudgetRecord,
  incarnation: string,
  spent: Amount,
): BudgetRecord {
  const without = withGrant(record, incarnation, null);
  return { ...without, closed: plus(record.closed, spent) };
}

/** Something that is told once for each period and limit. */
export type BudgetNotice = "warned" | "exceeded";

/**
 * Notes what has to be told now.
 * @param spent by all together, as far as that is known
 * @param isRefused somebody was refused, or cut off
 */
export function withNotices(
  record: BudgetRecord,
  budget: HeldBudget,
  spent: Amount,
  isRefused: boolean,
): { record: BudgetRecord; notices: BudgetNotice[] } {
  const { limit } = budget;
  const isTold = (under: AmountLimit | null) =>
    under !== null && isSameLimit(under, limit);
  const notices: BudgetNotice[] = [];
  let noted: BudgetRecord = { ...record, limit };
  if (isBeyondSoft(spent, budget) && !isTold(record.warned)) {
    notices.push("warned");
    noted = { ...noted, warned: limit };
  }
  if (isRefused && !isTold(record.exceeded)) {
    notices.push("exceeded");
    noted = { ...noted, exceeded: limit };
  }
  return { record: noted, notices };
}
