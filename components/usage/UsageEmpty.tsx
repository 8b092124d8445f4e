import type { VNode } from "preact";
import {
  USAGE_RANGES,
  usageHref,
  type UsageRange,
} from "@/lib/shared/usage/usage_choice.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import { GROUP_WORDS, RANGE_WORDS } from "@/lib/shared/usage/usage_words.ts";

const SPAN_WORDS: Readonly<Record<UsageRange, string>> = {
  "24h": "in these 24 hours",
  "7d": "in these 7 days",
  "30d": "in these 30 days",
  "90d": "in these 90 days",
  all: "yet",
  custom: "in these days",
};

/** Says why there is nothing, with one way on. */
export function UsageEmpty({ view }: { view: UsagePageView }): VNode {
  const { choice, chips, span } = view;
  const longer = longerRange(choice.range);
  const through = chips.map(({ group, label }) =>
    `${GROUP_WORDS[group].one} “${label}”`
  ).join(", ");
  return (
    <div class="empty">
      <h3>No answers {SPAN_WORDS[choice.range]}</h3>
      <p class="soft">
        {choice.range === "all" && chips.length === 0
          ? "What is asked in the chat or over the API is counted here about a second later."
          : `Nothing was asked${
            through === "" ? "" : ` with ${through}`
          } from ${span}.`}
      </p>
      <div class="btn-row">
        {longer !== null && (
          <a class="btn" href={usageHref(choice, { range: longer })}>
            Show {longer === "all" ? "everything" : RANGE_WORDS[longer]}
          </a>
        )}
        {chips.length > 0 && (
          <a class="btn" href={usageHref(choice, { filters: {} })}>
            Remove the filters
          </a>
        )}
        {/* "/." is "/", which the framework would mark as where every page belongs. */}
        {longer === null && chips.length === 0 && (
          <a class="btn" href="/.">Ask something</a>
        )}
      </div>
    </div>
  );
}

/** The next longer range; null: there is none. */
function longerRange(range: UsageRange): UsageRange | null {
  if (range === "custom") return "90d";
  const place = USAGE_RANGES.indexOf(range);
  return range === "all" ? null : USAGE_RANGES[place + 1];
}
