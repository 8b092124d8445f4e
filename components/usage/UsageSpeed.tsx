import type { VNode } from "preact";
import { LineChart } from "@/components/charts/LineChart.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import {
  formatSeconds,
  LEAST_VALUES,
} from "@/lib/shared/usage/usage_format.ts";
import type { UsagePageView } from "@/lib/shared/usage/usage_page.ts";

const KINDS = ["p50", "p95", "p99"] as const;

/** How long the first token took, by time: percentiles, never averages of them. */
export function UsageSpeed({ view }: { view: UsagePageView }): VNode | null {
  const { moments, totals, unit } = view;
  if (totals === null) return null;
  const isHourly = unit === "hour";
  const { n } = totals.ttftMs;
  const isCut = unit === "week" || unit === "month";
  const isTold = moments.some(({ numbers }) =>
    numbers !== null && numbers.ttftMs.n >= LEAST_VALUES
  );
  if (!isTold) return <TooFew isHourly={isHourly} />;
  return (
    <LineChart
      title="Time to first token"
      unit={isCut ? "seconds, the last 90 days" : "seconds"}
      label={`Time to first token, p50, p95 and p99 per ${
        isHourly ? "hour" : "day"
      }`}
      places={moments.map(({ place }) => place)}
      rowHead={isHourly ? "Hour" : "Day"}
      series={KINDS.map((kind) => ({
        label: kind,
        kind,
        values: moments.map(({ numbers }) =>
          numbers === null || numbers.ttftMs.n < LEAST_VALUES
            ? null
            : numbers.ttftMs[kind]
        ),
      }))}
      more={{
        label: "n",
        cells: moments.map(({ numbers }) => String(numbers?.ttftMs.n ?? 0)),
      }}
      format={(value) => `${formatSeconds(value)} s`}
      formatTick={(value) => `${Number((value / 1_000).toPrecision(3))} s`}
      note={`n = ${
        formatPlural(n, "streamed answer")
      }; fewer than ${LEAST_VALUES} ${
        isHourly ? "in an hour" : "in a day"
      } leave a gap`}
    />
  );
}

/** Instead of a chart that would be empty. */
function TooFew({ isHourly }: { isHourly: boolean }): VNode {
  const title = "Time to first token";
  return (
    <section aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
      </div>
      <p class="soft">
        No {isHourly ? "hour" : "day"} has {LEAST_VALUES}{" "}
        streamed answers, and percentiles of fewer say little.
        {isHourly && " A longer span shows whole days."}
      </p>
    </section>
  );
}
