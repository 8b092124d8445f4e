import type { VNode } from "preact";
import { niceScale } from "@/components/charts/scale.ts";
import { formatCount } from "@/lib/shared/format.ts";
import { drillHref } from "@/lib/shared/usage/usage_choice.ts";
import {
  formatSeconds,
  LEAST_VALUES,
  NOTHING,
} from "@/lib/shared/usage/usage_format.ts";
import type {
  UsagePageView,
  UsageParts,
} from "@/lib/shared/usage/usage_page.ts";
import type { UsagePercentiles } from "@/lib/shared/wire.ts";

/** How fast each model is: percentiles with how many they are of. */
export function UsageModels({ view }: { view: UsagePageView }): VNode | null {
  const models = modelsOf(view);
  if (models === null || models.parts.length === 0) return null;
  const title = "First token by model";
  const slowest = Math.max(
    ...models.parts.map(({ numbers: { ttftMs } }) =>
      isTold(ttftMs) ? ttftMs.p99! : 0
    ),
  );
  const scale = niceScale(slowest / 1_000, 2).slice(0, 3);
  const top = (scale.at(-1) ?? 1) * 1_000;
  return (
    <section class="section" aria-label={title}>
      <div class="section-head">
        <h2>{title}</h2>
        <span class="unit">
          seconds; fewer than {LEAST_VALUES} answers show a dash
        </span>
      </div>
      <div class="table-wrap" tabIndex={0} role="region" aria-label={title}>
        <table class="table">
          <thead>
            <tr>
              <th scope="col">Model</th>
              <th scope="col" class="num">p50</th>
              <th scope="col" class="num">p95</th>
              <th scope="col" class="num">p99</th>
              <th scope="col" class="range-col hide-phone">
                <span class="sr">Range</span>
                <span class="scale" aria-hidden="true">
                  {scale.map((value, index) => (
                    <span key={value}>
                      {index === scale.length - 1 ? `${value} s` : value}
                    </span>
                  ))}
                </span>
              </th>
              <th scope="col" class="num">tok/s</th>
              <th scope="col" class="num">n</th>
            </tr>
          </thead>
          <tbody>
            {models.parts.map(({ key, label, numbers }) => (
              <tr key={key}>
                <th scope="row">
                  <a href={drillHref(view.choice, "model", key)}>{label}</a>
                </th>
                <PercentileCells of={numbers.ttftMs} top={top} />
                <td class="num">{speed(numbers.tokensPerSecond)}</td>
                <td class="num soft">{formatCount(numbers.ttftMs.n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function modelsOf({ groups, lists, choice }: UsagePageView): UsageParts | null {
  if (choice.groupBy === "model") {
    return groups === null
      ? null
      : { ...groups, parts: groups.parts.slice(0, 8) };
  }
  return lists.find(({ group }) => group === "model")?.parts ?? null;
}

function isTold({ n, p99 }: UsagePercentiles): boolean {
  return n >= LEAST_VALUES && p99 !== null;
}

function speed(of: UsagePercentiles): string {
  return isTold(of) ? String(Math.round(of.p50!)) : NOTHING;
}

function PercentileCells(
  { of, top }: { of: UsagePercentiles; top: number },
): VNode {
  if (!isTold(of)) {
    return (
      <>
        <td class="num faint">{NOTHING}</td>
        <td class="num faint">{NOTHING}</td>
        <td class="num faint">{NOTHING}</td>
        <td class="hide-phone" />
      </>
    );
  }
  const at = (value: number) => Math.round(value / top * 1_000) / 10;
  const [p50, p95, p99] = [of.p50!, of.p95!, of.p99!].map(at);
  return (
    <>
      <td class="num">{formatSeconds(of.p50!)}</td>
      <td class="num">{formatSeconds(of.p95!)}</td>
      <td class="num">{formatSeconds(of.p99!)}</td>
      <td class="hide-phone">
        <svg class="range" width="100%" height="12" aria-hidden="true">
          <line class="r99" x1={`${p50}%`} x2={`${p99}%`} y1="6" y2="6" />
          <rect
            class="r95"
            x={`${p50}%`}
            width={`${Math.max(0, p95 - p50)}%`}
            y="3.5"
            height="5"
          />
          <line class="r50" x1={`${p50}%`} x2={`${p50}%`} y1="0" y2="12" />
        </svg>
      </td>
    </>
  );
}
