import type { ComponentChildren, VNode } from "preact";
import type { ChartPlace } from "@/lib/shared/chart_parts.ts";
import { ChartFrame, plotOf } from "./ChartFrame.tsx";
import { HitArea } from "./HitArea.tsx";
import { niceScale } from "./scale.ts";
import { linePaths } from "./spark_path.ts";
import { Twin } from "./Twin.tsx";

export interface LineSeries {
  label: string;
  /** How the line is drawn. */
  kind: "p50" | "p95" | "p99";
  /** One for each place; null leaves a gap. */
  values: readonly (number | null)[];
}

export interface LineChartProps {
  title: string;
  unit: ComponentChildren;
  label: string;
  places: readonly ChartPlace[];
  rowHead: string;
  series: readonly LineSeries[];
  format: (value: number) => string;
  formatTick?: (value: number) => string;
  /** A last column of the table, in words. */
  more?: { label: string; cells: readonly string[] };
  /** Behind the legend. */
  note?: ComponentChildren;
  height?: number;
}

/** Lines by time from 0 up; where nothing is known there is no line. */
export function LineChart(
  {
    title,
    unit,
    label,
    places,
    rowHead,
    series,
    format,
    formatTick = format,
    more,
    note,
    height = 154,
  }: LineChartProps,
): VNode {
  const all = series.flatMap(({ values }) =>
    values.filter((value) => value !== null)
  );
  const ticks = niceScale(Math.max(0, ...all), 5)
    .map((value) => ({ value, label: formatTick(value) }));
  const plot = plotOf(height, ticks);
  const shown = (value: number | null) => value === null ? "–" : format(value);
  return (
    <ChartFrame
      title={title}
      unit={unit}
      label={label}
      ticks={ticks}
      plot={plot}
      places={places}
      isPoints
      labels={5}
      foot={
        <>
          <ul class="legend-line mt-2">
            {series.map(({ label, kind }) => (
              <li key={kind}>
                <svg aria-hidden="true">
                  <line class={`line l-${kind}`} x2="100%" y1="4" y2="4" />
                </svg>
                {label}
              </li>
            ))}
            {note !== undefined && <li class="faint">{note}</li>}
          </ul>
          <Twin
            label={label}
            rowHead={rowHead}
            columns={[
              ...series.map(({ label }) => ({ label })),
              ...more === undefined ? [] : [{ label: more.label }],
            ]}
            rows={places.map(({ title }, place) => ({
              label: title,
              cells: [
                ...series.map(({ values }) => shown(values[place] ?? null)),
                ...more === undefined ? [] : [more.cells[place]],
              ],
            }))}
          />
        </>
      }
    >
      <svg
        width="100%"
        height={height}
        viewBox={`0 0 100 ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        {series.toReversed().map(({ kind, values }) => (
          <path
            key={kind}
            class={`line l-${kind}`}
            d={linePaths(values, plot.y, height).line}
          />
        ))}
      </svg>
      <HitArea places={places.length} height={height} isPoints />
    </ChartFrame>
  );
}
