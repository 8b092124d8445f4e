import type { ComponentChildren, VNode } from "preact";
import type { ChartPlace } from "@/lib/shared/chart_parts.ts";
import { ChartFrame, placeCenter, plotOf } from "./ChartFrame.tsx";
import type { Hue } from "@/lib/shared/chart_parts.ts";
import { HitArea } from "./HitArea.tsx";
import { niceScale } from "./scale.ts";
import { Twin } from "./Twin.tsx";

/** What is stacked on top of one another: the first one lowest. */
export interface BarSeries {
  label: string;
  hue: Hue;
  /** One for each place; null: it has none. */
  values: readonly (number | null)[];
  /** What the table says instead of each value, which is not known. */
  instead?: string;
}

export interface StackedBarsProps {
  title: string;
  unit: ComponentChildren;
  /** What the chart and its table are about, in words. */
  label: string;
  places: readonly ChartPlace[];
  /** Head of the table's first column: `Day`. */
  rowHead: string;
  series: readonly BarSeries[];
  /** A value in words. */
  format: (value: number) => string;
  /** A value on the scale; as `format` unless told. */
  formatTick?: (value: number) => string;
  /** Whether parts of one make no sense. */
  isWhole?: boolean;
  /** Of the plot, in pixels. */
  height?: number;
}

/** Width of a place in the drawing; whole numbers keep the page small. */
const UNITS = 10;
/** Of them a bar takes so many. */
const BAR_UNITS = 8;
const NO_RECORD = "–";

/**
 * Bars by time, each made of the parts of its place. A place without records has a dash and no bar, since
 * nothing is known of it. One path for each part keeps the page small.
 */
export function StackedBars(
  {
    title,
    unit,
    label,
    places,
    rowHead,
    series,
    format,
    formatTick = format,
    isWhole,
    height = 264,
  }: StackedBarsProps,
): VNode {
  const sums = places.map((_, place) => sumAt(series, place));
  const largest = Math.max(0, ...sums.map((sum) => sum ?? 0));
  const ticks = niceScale(largest, 4, isWhole)
    .map((value) => ({ value, label: formatTick(value) }));
  const plot = plotOf(height, ticks);
  const words = sums.map((sum) => sum === null ? NO_RECORD : format(sum));
  const hasTotal = series.length > 1;
  const hatch = `hatch-${places.length}`;
  return (
    <ChartFrame
      title={title}
      unit={unit}
      label={label}
      ticks={ticks}
      plot={plot}
      places={places}
      foot={
        <Twin
          label={label}
          rowHead={rowHead}
          columns={[
            ...series.map(({ label, hue }) => ({ label, hue })),
            ...hasTotal ? [{ label: "Total" }] : [],
          ]}
          rows={places.map(({ title }, place) => ({
            label: title,
            cells: sums[place] === null
              ? series.concat(hasTotal ? series[0] : []).map(() => NO_RECORD)
              : [
                ...series.map(({ values, instead }) =>
                  instead ?? format(values[place] ?? 0)
                ),
                ...hasTotal ? [words[place]] : [],
              ],
          }))}
        />
      }
    >
      <svg
        width="100%"
        height={height}
        viewBox={`0 0 ${places.length * UNITS} ${height}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <Hatch id={hatch} places={places.length} />
        {series.map(({ hue }, index) => (
          <path
            key={index}
            class={hue === "other" ? "bar" : `bar s${hue}`}
            fill={hue === "other" ? `url(#${hatch})` : undefined}
            d={barsOf(series, index, places.length, plot.y)}
          />
        ))}
      </svg>
      {sums.map((sum, place) =>
        sum === null && (
          <text
            key={place}
            class="no-record"
            x={`${placeCenter(place, places.length)}%`}
            y={height - 8}
            text-anchor="middle"
            aria-hidden="true"
          >
            {NO_RECORD}
          </text>
        )
      )}
      <HitArea places={places.length} height={height} />
    </ChartFrame>
  );
}

/** Width of a plot at which the hatch is not stretched, in pixels. */
const USUAL_WIDTH = 560;

/** What others are filled with; the drawing is stretched, and the hatch is not to be. */
function Hatch({ id, places }: { id: string; places: number }): VNode {
  const stretch = Math.round(places * UNITS / USUAL_WIDTH * 100) / 100;
  return (
    <pattern
      id={id}
      class="hatch"
      width="4"
      height="4"
      patternUnits="userSpaceOnUse"
      patternTransform={`scale(${stretch || 1} 1) rotate(45)`}
    >
      <line y2="4" />
    </pattern>
  );
}

/** What a place comes to; null: there are no records of it. */
function sumAt(series: readonly BarSeries[], place: number): number | null {
  const values = series.map(({ values }) => values[place] ?? null)
    .filter((value) => value !== null);
  return values.length === 0
    ? null
    : values.reduce((sum, value) => sum + value, 0);
}

/** The parts of one series in all places, as one path. */
function barsOf(
  series: readonly BarSeries[],
  index: number,
  count: number,
  y: (value: number) => number,
): string {
  let path = "";
  for (let place = 0; place < count; place += 1) {
    const value = series[index].values[place] ?? 0;
    if (value <= 0) continue;
    const below = series.slice(0, index).reduce(
      (sum, { values }) => sum + (values[place] ?? 0),
      0,
    );
    const left = place * UNITS + (UNITS - BAR_UNITS) / 2;
    const [from, to] = [below, below + value].map((each) =>
      Math.round(y(each))
    );
    // What is too little to be seen is in the table.
    if (from === to) continue;
    path += `M${left} ${from}h${BAR_UNITS}V${to}h-${BAR_UNITS}z`;
  }
  return path;
}
