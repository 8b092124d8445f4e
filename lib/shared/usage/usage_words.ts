/** What pages call the parts of usage. */
import { formatCount } from "@/lib/shared/format.ts";
import type {
  UsageGroup,
  UsageMeasure,
  UsageRange,
  UsageSort,
} from "./usage_choice.ts";

export const RANGE_WORDS: Readonly<Record<UsageRange, string>> = {
  "24h": "24 h",
  "7d": "7 d",
  "30d": "30 d",
  "90d": "90 d",
  all: "All",
  custom: "Custom",
};

export const MEASURE_WORDS: Readonly<Record<UsageMeasure, string>> = {
  cost: "Cost",
  requests: "Answers",
  tokens: "Tokens",
};

export const SORT_WORDS: Readonly<Record<UsageSort, string>> = {
  cost: "Cost",
  requests: "Answers",
  tokens: "Tokens",
  errors: "Failed",
  first: "First token, p95",
};

/** One of them, and several. */
export const GROUP_WORDS: Readonly<
  Record<UsageGroup, { one: string; many: string; none: string }>
> = {
  model: { one: "model", many: "models", none: "No model" },
  user: { one: "person", many: "people", none: "Nobody" },
  key: { one: "key", many: "keys", none: "Without a key" },
  provider: { one: "provider", many: "providers", none: "No provider" },
  source: { one: "source", many: "sources", none: "No source" },
  group: { one: "group", many: "groups", none: "In no group" },
  status: { one: "end", many: "ends", none: "No end" },
  cache: { one: "cache result", many: "cache results", none: "Not looked up" },
};

/** Values that the program itself has given. */
const VALUE_WORDS: Partial<
  Record<UsageGroup, Readonly<Record<string, string>>>
> = {
  source: {
    chat: "Chat",
    title: "Titles of threads",
    v1: "API",
    batch: "Batches",
  },
  status: {
    completed: "Completed",
    cancelled: "Stopped",
    failed: "Failed",
    interrupted: "Interrupted",
  },
  cache: {
    "hit-l1": "Hit in memory",
    "hit-l2": "Hit in the store",
    joined: "Shared a call",
    miss: "Miss",
    bypass: "Bypassed",
  },
};

/** What a value of a dimension is called that has no name of its own; null: it may have one. */
export function valueWords(group: UsageGroup, value: string): string | null {
  if (value === "") return GROUP_WORDS[group].none;
  return VALUE_WORDS[group]?.[value] ?? null;
}

/** The values that the program gives, for choices. */
export function knownValues(group: UsageGroup): [string, string][] {
  return Object.entries(VALUE_WORDS[group] ?? {});
}

/** `12 people`, `1 key`. */
export function countWords(group: UsageGroup, count: number): string {
  const { one, many } = GROUP_WORDS[group];
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** `Person`, as the head of a column. */
export function titleOf(group: UsageGroup): string {
  const { one } = GROUP_WORDS[group];
  return one[0].toUpperCase() + one.slice(1);
}

/** `People`, as the head of a list. */
export function manyTitle(group: UsageGroup): string {
  const { many } = GROUP_WORDS[group];
  return many[0].toUpperCase() + many.slice(1);
}
