import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import {
  USAGE_GROUPS,
  USAGE_MEASURES,
  USAGE_RANGES,
  usageHref,
  withoutFilter,
} from "@/lib/shared/usage/usage_choice.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import {
  GROUP_WORDS,
  MEASURE_WORDS,
  RANGE_WORDS,
  titleOf,
} from "@/lib/shared/usage/usage_words.ts";
import { UsageFilter } from "./UsageFilter.tsx";
import { UsageMenu } from "./UsageMenu.tsx";

/** What the page is about: span, what is counted, by what, and of what alone. Each is an address. */
export function UsageToolbar({ view }: { view: UsagePageView }): VNode {
  const { choice, measure, chips, csvHref } = view;
  const groups = USAGE_GROUPS.filter((group) =>
    choice.path === "/admin/usage" || (group !== "user" && group !== "group")
  );
  return (
    <div class="toolbar" role="group" aria-label="Range and filters">
      <nav class="segments" aria-label="Range">
        {USAGE_RANGES.filter((range) => range !== "custom").map((range) => (
          <a
            key={range}
            href={usageHref(choice, { range, all: null })}
            aria-current={choice.range === range ? "true" : undefined}
          >
            {RANGE_WORDS[range]}
          </a>
        ))}
      </nav>
      <CustomRange view={view} />
      <UsageMenu
        label={MEASURE_WORDS[measure]}
        title="What is counted"
        items={USAGE_MEASURES.map((each) => ({
          label: MEASURE_WORDS[each],
          href: usageHref(choice, { measure: each }),
          isChosen: each === measure,
        }))}
      />
      <UsageMenu
        label={`By ${GROUP_WORDS[choice.groupBy].one}`}
        title="Told apart by"
        items={groups.map((group) => ({
          label: `By ${GROUP_WORDS[group].one}`,
          href: usageHref(choice, {
            groupBy: group,
            all: choice.all === null ? null : 1,
          }),
          isChosen: group === choice.groupBy,
        }))}
      />
      {chips.map(({ group, value, label }) => (
        <span class="chip" key={`${group} ${value}`}>
          <span>{titleOf(group)}: {label}</span>
          <a
            href={usageHref(choice, {
              filters: withoutFilter(choice, group, value),
              all: choice.all === null ? null : 1,
            })}
            aria-label={`Remove filter ${titleOf(group)}: ${label}`}
          >
            <Icon name="close" small />
          </a>
        </span>
      ))}
      <UsageFilter view={view} />
      <a class="btn push" href={csvHref} download="usage.csv">
        <Icon name="download" small />
        CSV
      </a>
    </div>
  );
}

/** Two days and everything between them. */
function CustomRange({ view: { choice } }: { view: UsagePageView }): VNode {
  const isChosen = choice.range === "custom";
  return (
    <details class="usage-menu" name="usage-menu">
      <summary class="btn" data-chosen={isChosen ? "" : undefined}>
        {RANGE_WORDS.custom}
        <Icon name="down" small />
      </summary>
      <form class="menu usage-form" method="get" action={choice.path}>
        <HiddenChoice
          href={usageHref(choice, { range: "custom", all: null })}
        />
        <label class="field">
          <span>From day</span>
          <input
            class="input"
            type="date"
            name="from"
            value={choice.fromDay ?? ""}
            required
          />
        </label>
        <label class="field">
          <span>To day</span>
          <input
            class="input"
            type="date"
            name="to"
            value={choice.toDay ?? ""}
            required
          />
        </label>
        <button class="btn btn-primary" type="submit">Show</button>
      </form>
    </details>
  );
}

/** What the address says already, but for some names. */
export function HiddenChoice(
  { href, but = ["from", "to"] }: { href: string; but?: readonly string[] },
): VNode {
  const query = new URLSearchParams(href.slice(href.indexOf("?")));
  return (
    <>
      {[...query].filter(([name]) => !but.includes(name)).map(
        ([name, value]) => (
          <input
            key={`${name} ${value}`}
            type="hidden"
            name={name}
            value={value}
          />
        ),
      )}
    </>
  );
}
