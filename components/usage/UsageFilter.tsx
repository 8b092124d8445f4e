import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import {
  NONE,
  type UsageGroup,
  usageHref,
} from "@/lib/shared/usage/usage_choice.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import { knownValues, titleOf } from "@/lib/shared/usage/usage_words.ts";
import { HiddenChoice } from "./UsageToolbar.tsx";

/** Values of one dimension to choose from. */
interface Choices {
  group: UsageGroup;
  values: [key: string, label: string][];
}

/** What the page may be narrowed to: values that occur in what it shows. */
export function UsageFilter({ view }: { view: UsagePageView }): VNode {
  const { choice } = view;
  const choices = choicesOf(view);
  return (
    <details class="usage-menu" name="usage-menu">
      <summary class="btn btn-quiet">
        <Icon name="filter" small />
        Filter
      </summary>
      <form class="menu usage-form" method="get" action={choice.path}>
        <HiddenChoice href={usageHref(choice, { all: null })} but={[]} />
        {choices.map(({ group, values }) => (
          <label class="field" key={group}>
            <span>{titleOf(group)}</span>
            <select class="select" name={group}>
              <option value="">Any</option>
              {values.map(([key, label]) => (
                <option key={key} value={key || NONE}>{label}</option>
              ))}
            </select>
          </label>
        ))}
        <button class="btn btn-primary" type="submit">Show</button>
      </form>
    </details>
  );
}

function choicesOf({ groups, lists, choice }: UsagePageView): Choices[] {
  const seen = [groups, ...lists.map(({ parts }) => parts)]
    .filter((parts) => parts !== null)
    .map(({ group, parts }): Choices => ({
      group,
      values: parts.map(({ key, label }) => [key, label]),
    }));
  const known = (["status", "cache"] as const)
    .filter((group) => !seen.some((each) => each.group === group))
    .map((group): Choices => ({ group, values: knownValues(group) }));
  return [...seen, ...known].filter(({ group, values }) =>
    values.length > 0 && choice.filters[group] === undefined
  );
}
