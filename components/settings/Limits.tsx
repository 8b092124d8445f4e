import type { VNode } from "preact";
import { LimitGauges } from "@/components/limits/LimitGauges.tsx";
import type { EffectiveLimits } from "@/lib/shared/wire.ts";

/** Settings: what the viewer may use, and what is left of it. */
export function Limits(
  { of, nowMs, isAdmin }: {
    of: EffectiveLimits;
    nowMs: number;
    isAdmin: boolean;
  },
): VNode {
  const isFree = of.limits.length + of.budgets.length === 0;
  return (
    <>
      <p class="lede">
        {isFree
          ? "No limits and no budgets are set for you."
          : "Set for you by the workspace. What is in flight already counts."}
        {isAdmin && (
          <>
            {" "}
            <a href="/admin/limits">Change limits</a>
          </>
        )}
      </p>
      {!isFree && (
        <div class="mt-4">
          <LimitGauges of={of} nowMs={nowMs} />
        </div>
      )}
    </>
  );
}
