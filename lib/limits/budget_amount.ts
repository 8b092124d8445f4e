/** What budgets count: money and tokens, always both, whichever of them is bounded. */

/** Whole micro-dollars and whole tokens. */
export interface Amount {
  readonly microUsd: number;
  readonly tokens: number;
}

/** A bound for each; null: none. */
export interface AmountLimit {
  readonly microUsd: number | null;
  readonly tokens: number | null;
}

export const NOTHING: Amount = { microUsd: 0, tokens: 0 };

export function plus(left: Amount, right: Amount): Amount {
  return {
    microUsd: left.microUsd + right.microUsd,
    tokens: left.tokens + right.tokens,
  };
}

/** The difference, which may be below zero. */
export function minus(left: Amount, right: Amount): Amount {
  return {
    microUsd: left.microUsd - right.microUsd,
    tokens: left.tokens - right.tokens,
  };
}

/** The larger of each. */
export function atLeast(left: Amount, right: Amount): Amount {
  return {
    microUsd: Math.max(left.microUsd, right.microUsd),
    tokens: Math.max(left.tokens, right.tokens),
  };
}

export function sum(amounts: Iterable<Amount>): Amount {
  let total = NOTHING;
  for (const amount of amounts) total = plus(total, amount);
  return total;
}

export function isSame(left: Amount, right: Amount): boolean {
  return left.microUsd === right.microUsd && left.tokens === right.tokens;
}

/** Whether an amount keeps every bound there is. */
export function fits(amount: Amount, limit: AmountLimit): boolean {
  return (limit.microUsd === null || amount.microUsd <= limit.microUsd) &&
    (limit.tokens === null || amount.tokens <= limit.tokens);
}

/** What is left to a bound, at least 0; null where there is none. */
export function left(limit: AmountLimit, amount: Amount): AmountLimit {
  const rest = (bound: number | null, used: number) =>
    bound === null ? null : Math.max(bound - used, 0);
  return {
    microUsd: rest(limit.microUsd, amount.microUsd),
    tokens: rest(limit.tokens, amount.tokens),
  };
}

/** The parts that are bounded; 0 for the others, which nobody has to be granted. */
export function bounded(amount: Amount, limit: AmountLimit): Amount {
  return {
    microUsd: limit.microUsd === null ? 0 : amount.microUsd,
    tokens: limit.tokens === null ? 0 : amount.tokens,
  };
}

export function isSameLimit(left: AmountLimit, right: AmountLimit): boolean {
  return left.microUsd === right.microUsd && left.tokens === right.tokens;
}
