import type { VNode } from "preact";
import { LimitGauges } from "@/components/limits/LimitGauges.tsx";
import UsageMenus from "@/islands/UsageMenus.tsx";
import UsageZone from "@/islands/UsageZone.tsx";
import { usageHref } from "@/lib/shared/usage/usage_choice.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";
import { Missing } from "./Missing.tsx";
import { UsageBudget } from "./UsageBudget.tsx";
import { UsageCost } from "./UsageCost.tsx";
import { UsageEmpty } from "./UsageEmpty.tsx";
import { UsageLists } from "./UsageLists.tsx";
import { UsageModels } from "./UsageModels.tsx";
import { UsageReadings } from "./UsageReadings.tsx";
import { UsageSpeed } from "./UsageSpeed.tsx";
import { UsageTable } from "./UsageTable.tsx";
import { UsageToolbar } from "./UsageToolbar.tsx";

export interface UsageBodyProps {
  view: UsagePageView;
  title: string;
  /** What the figures are of, for print. */
  whose: string;
  /** Whether the viewer may see the usage of all. */
  isAdmin: boolean;
  /** Rows of a page of the table of all. */
  tableRows: number;
}

/** Everything on a page of usage. */
export function UsageBody(props: UsageBodyProps): VNode {
  const { view, title, whose, isAdmin } = props;
  const { totals } = view;
  const isEmpty = totals !== null && totals.requests === 0;
  return (
    <>
      <div class="page-head">
        <div>
          <h1>{title}</h1>
          <p class="print-only">
            {whose}, {view.longSpan}, {view.unit}s in {view.timeZone}.
          </p>
        </div>
        {isAdmin && <WhoseSwitch view={view} />}
      </div>
      <UsageToolbar view={view} />
      <UsageMenus />
      <UsageHint view={view} />
      <UsageReadings view={view} />
      {totals === null
        ? <Missing what="Usage" />
        : isEmpty
        ? <UsageEmpty view={view} />
        : <Filled {...props} />}
      {isEmpty && hasLimits(view) && <OwnLimits view={view} />}
    </>
  );
}

function Filled({ view, tableRows }: UsageBodyProps): VNode {
  // Who reads all of a table is not sent everything else besides.
  if (view.choice.all !== null) {
    return (
      <>
        <UsageCost view={view} />
        <UsageTable view={view} rows={tableRows} />
      </>
    );
  }
  // Whom nothing bounds is not told so each day; admins are, since they can change it.
  const isAlone = view.choice.path === "/usage" && view.burnDown === null &&
    !hasLimits(view) && !view.missing.includes("the budget");
  return (
    <>
      <UsageCost view={view} />
      <div class={isAlone ? "section" : "section split"}>
        {isAlone
          ? null
          : view.burnDown === null && hasLimits(view)
          ? <OwnLimits view={view} />
          : <Budget view={view} />}
        <UsageSpeed view={view} />
      </div>
      {view.burnDown !== null && hasLimits(view) && (
        <div class="section">
          <OwnLimits view={view} />
        </div>
      )}
      <UsageModels view={view} />
      <UsageLists view={view} />
    </>
  );
}

/** One's own usage, or everybody's. */
function WhoseSwitch({ view: { choice } }: { view: UsagePageView }): VNode {
  const { user: _, group: __, ...own } = choice.filters;
  const groupBy = choice.groupBy === "user" || choice.groupBy === "group"
    ? "model"
    : choice.groupBy;
  const all = choice.all === null ? null : 1;
  return (
    <nav class="segments" aria-label="Whose usage">
      <a
        href={usageHref(choice, { path: "/usage", filters: own, groupBy, all })}
        aria-current={choice.path === "/usage" ? "true" : undefined}
      >
        Mine
      </a>
      <a
        href={usageHref(choice, { path: "/admin/usage" })}
        aria-current={choice.path === "/admin/usage" ? "true" : undefined}
      >
        Workspace
      </a>
    </nav>
  );
}

/** What the span is, once, and what it is compared to. */
function UsageHint({ view }: { view: UsagePageView }): VNode {
  const { choice, span, spanBefore, unit, timeZone } = view;
  const isShorter = choice.range !== "custom";
  return (
    <p class="hint usage-hint">
      {span}, {unit}s in {timeZone}. {spanBefore !== null &&
        `Change is against ${spanBefore}${
          isShorter && choice.range !== "24h" ? ", up to the same time" : ""
        }. `}
      {timeZone !== choice.timeZone &&
        "Days that are long ago are kept in UTC alone. "}
      <UsageZone
        shown={choice.timeZone}
        isChosen={choice.isZoneChosen}
        href={usageHref(choice, { isZoneChosen: false })}
      />
    </p>
  );
}

function Budget({ view }: { view: UsagePageView }): VNode {
  const { burnDown, choice, missing } = view;
  if (burnDown !== null) return <UsageBudget of={burnDown} />;
  if (missing.includes("the budget")) return <Missing what="The budget" />;
  return (
    <section aria-label="Budget left">
      <div class="section-head">
        <h2>Budget left</h2>
      </div>
      <div class="empty">
        <p class="soft">
          {choice.path === "/usage"
            ? "No budget of money that begins anew is set for you."
            : "No budget of money that begins anew is set for the workspace. With one, its level is shown here, and how long it lasts."}
        </p>
        {choice.path === "/admin/usage" && (
          <a class="btn" href="/admin/budgets">Set a budget</a>
        )}
      </div>
    </section>
  );
}

/** Whether something bounds the viewer on their own page. */
function hasLimits({ limits }: UsagePageView): boolean {
  return limits !== null && limits.budgets.length + limits.limits.length > 0;
}

function OwnLimits(
  { view: { limits, nowMs } }: { view: UsagePageView },
): VNode {
  return (
    <section class="usage-limits" aria-label="Your limits">
      <div class="section-head">
        <h2>Your limits</h2>
      </div>
      <LimitGauges of={limits!} nowMs={nowMs} />
    </section>
  );
}
