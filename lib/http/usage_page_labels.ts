/** The names of everything that a page of usage shows. */
import type {
  UsageChoice,
  UsageGroup,
} from "@/lib/shared/usage/usage_choice.ts";
import { valueWords } from "@/lib/shared/usage/usage_words.ts";
import type { UsageReport } from "@/lib/usage/usage_query.ts";
import type { State } from "@/utils.ts";
import { loadLabels } from "./usage_labels.ts";
import { heldValues } from "./usage_page_choice.ts";
import { OWN_SERIES, type UsageReads } from "./usage_page_reads.ts";
import type { LabelOf } from "./usage_view.ts";

/** Rows of a list beside the chart. */
export const LISTED = 6;

export type Labels = (group: UsageGroup) => LabelOf;

/** Reads them, each dimension at once. */
export async function loadAllLabels(
  { services, caller }: State,
  choice: UsageChoice,
  { grouped, lists }: UsageReads,
  rows: UsageReport["groups"],
): Promise<Labels> {
  const wanted = new Map<UsageGroup, Set<string>>();
  const want = (group: UsageGroup, keys: Iterable<string>) => {
    const set = wanted.get(group) ?? new Set();
    for (const key of keys) set.add(key);
    wanted.set(group, set);
  };
  const keysOf = (report: UsageReport | null) =>
    report?.groups.map(({ key }) => key) ?? [];
  want(choice.groupBy, keysOf(grouped).slice(0, OWN_SERIES));
  want(choice.groupBy, rows.map(({ key }) => key));
  for (const { group, report } of lists) {
    want(group, keysOf(report).slice(0, LISTED));
  }
  for (const [group, values] of Object.entries(heldValues(choice.filters))) {
    want(group as UsageGroup, values);
  }
  const found = new Map<UsageGroup, LabelOf>();
  await Promise.all([...wanted].map(async ([group, keys]) => {
    const labelOf = await loadLabels(
      services,
      caller.workspace,
      group,
      [...keys],
    );
    found.set(group, labelOf);
  }));
  return (group) => (key) =>
    valueWords(group, key) ?? found.get(group)?.(key) ?? null;
}
