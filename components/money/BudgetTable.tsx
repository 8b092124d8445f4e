import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";

/** A budget as the page shows it. */
export interface ShownBudget {
  /** `kind:id`, or `kind:*`. */
  subject: string;
  /** Whom it is for, in words. */
  whom: string;
  period: "day" | "week" | "month" | "total";
  /** US dollars; null: money is not bounded. */
  usd?: string | null;
  tokens?: number | null;
  /** Part of it after which a warning is sent. */
  softRatio: number;
  source: "config" | "edited";
}

const PERIODS: Readonly<Record<ShownBudget["period"], string>> = {
  day: "A day",
  week: "A week",
  month: "A month",
  total: "In all",
};

const COUNT = new Intl.NumberFormat("en");

/** The budgets of a workspace. */
export function BudgetTable(
  { budgets, version }: { budgets: ShownBudget[]; version: number },
): VNode {
  return (
    <div
      class="table-wrap mt-4"
      tabIndex={0}
      role="region"
      aria-label="Budgets"
    >
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">For</th>
            <th scope="col">In</th>
            <th scope="col" class="num">US dollars</th>
            <th scope="col" class="num">Tokens</th>
            <th scope="col" class="num">Warns at</th>
            <th scope="col">Set by</th>
            <th>
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {budgets.map((budget) => (
            <Row
              key={`${budget.period} ${budget.subject}`}
              budget={budget}
              version={version}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row(
  { budget, version }: { budget: ShownBudget; version: number },
): VNode {
  const { whom, subject, period, usd, tokens, softRatio, source } = budget;
  return (
    <tr>
      <th scope="row" class="anywhere">{whom}</th>
      <td data-label="In">{PERIODS[period]}</td>
      <td class="num" data-label="US dollars">{usd ?? "no bound"}</td>
      <td class="num" data-label="Tokens">
        {typeof tokens === "number" ? COUNT.format(tokens) : "no bound"}
      </td>
      <td class="num" data-label="Warns at">{Math.round(softRatio * 100)} %</td>
      <td data-label="Set by">
        {source === "config" ? "configuration file" : "an admin"}
      </td>
      <td class="num act">
        {source === "edited" && (
          <Confirm
            label="Remove"
            small
            what="From then on what the config file says for the same holds, or nothing. What is spent stays counted."
          >
            <form method="post" action="/admin/budgets">
              <input type="hidden" name="action" value="remove" />
              <input type="hidden" name="subject" value={subject} />
              <input type="hidden" name="period" value={period} />
              <input type="hidden" name="version" value={version} />
              <button class="btn btn-danger is-sure" type="submit">
                Remove the budget for {whom}
              </button>
            </form>
          </Confirm>
        )}
      </td>
    </tr>
  );
}
