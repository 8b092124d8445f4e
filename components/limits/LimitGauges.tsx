import type { VNode } from "preact";
import { Gauge } from "@/components/Gauge.tsx";
import { Moment } from "@/components/Moment.tsx";
import {
  budgetGauges,
  levelOf,
  limitLabel,
  limitValue,
} from "@/lib/shared/limit_words.ts";
import type { EffectiveLimits } from "@/lib/shared/wire.ts";

/** A gauge for each budget and limit of somebody, each with why it holds. */
export function LimitGauges(
  { of: { budgets, limits }, nowMs }: { of: EffectiveLimits; nowMs: number },
): VNode {
  const now = new Date(nowMs);
  return (
    <ul class="limits stack">
      {budgets.map((budget) =>
        budgetGauges(budget, now).map((gauge) => (
          <li key={`${budget.subject} ${gauge.label}`}>
            <Gauge {...gauge} />
            <p class="hint">
              {budget.because}.{budget.resetsAt !== null && (
                <>
                  {" "}Begins anew{" "}
                  <Moment at={budget.resetsAt} nowMs={nowMs} isAhead />.
                </>
              )}
            </p>
          </li>
        ))
      )}
      {limits.map((state) => (
        <li key={`${state.subject} ${limitLabel(state)}`}>
          <Gauge
            label={limitLabel(state)}
            value={limitValue(state)}
            level={levelOf(state.used, state.limit)}
          />
          <p class="hint">{state.because}</p>
        </li>
      ))}
    </ul>
  );
}
