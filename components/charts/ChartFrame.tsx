import type { ComponentChildren, VNode } from "preact";
import type { ChartPlace } from "@/lib/shared/chart_parts.ts";
import { labelledPlaces, type Tick } from "./scale.ts";
import { short } from "./spark_path.ts";

/** Room above the highest line and below the base, in pixels. */
const TOP = 8;
const BOTTOM = 24;
/** Width of a character of a label, in pixels. */
const CHARACTER = 7;
/** Labels under a plot, unless told. */
const MOST_LABELS = 8;

/** Where values stand in a plot, in pixels from above. */
export interface Plot {
  /** Of the plot alone, without what stands under it. */
  height: number;
  y: (value: number) => number;
}

/** A plot of a height, from 0 to the last tick. */
export function plotOf(height: number, ticks: readonly Tick[]): Plot {
  const largest = ticks.at(-1)?.value || 1;
  return {
    height,
    y: (value) => height - value / largest * (height - TOP),
  };
}

export interface ChartFrameProps {
  title: string;
  /** Unit and what is to be known of it. */
  unit: ComponentChildren;
  /** From 0 up. */
  ticks: readonly Tick[];
  plot: Plot;
  places: readonly ChartPlace[];
  /** Whether places are points from edge to edge; otherwise each has a width. */
  isPoints?: boolean;
  /** How many places have a label, at most. */
  labels?: number;
  /** What the plot shows, in words. */
  label: string;
  /** Drawing: pieces of SVG. */
  children: ComponentChildren;
  /** What stands under the drawing: legend, table. */
  foot?: ComponentChildren;
}

/** Title, scales and grid of a chart; SVG without a viewBox, so that its text never scales. */
export function ChartFrame(props: ChartFrameProps): VNode {
  const { title, unit, ticks, plot, label, children, foot } = props;
  const { height, y } = plot;
  const longest = Math.max(...ticks.map(({ label }) => label.length));
  return (
    <figure class="chart">
      <figcaption class="chart-head">
        <h2>{title}</h2>
        <span class="unit">{unit}</span>
      </figcaption>
      <div class="chart-body">
        <svg
          width={longest * CHARACTER}
          height={height + BOTTOM}
          aria-hidden="true"
        >
          {ticks.map(({ value, label }) => (
            <text
              key={value}
              x="100%"
              y={short(y(value) + 4)}
              text-anchor="end"
            >
              {label}
            </text>
          ))}
        </svg>
        <svg
          class="plot"
          width="100%"
          height={height + BOTTOM}
          role="group"
          aria-label={label}
        >
          {ticks.slice(1).map(({ value }) => (
            <line
              key={value}
              class="grid"
              x1="0"
              x2="100%"
              y1={short(y(value))}
              y2={short(y(value))}
            />
          ))}
          {children}
          <line class="base" x1="0" x2="100%" y1={height} y2={height} />
          <PlaceLabels {...props} />
        </svg>
      </div>
      {foot}
    </figure>
  );
}

function PlaceLabels(
  { places, isPoints, labels = MOST_LABELS, plot: { height } }: ChartFrameProps,
): VNode {
  const labelled = labelledPlaces(places.length, labels);
  return (
    <g aria-hidden="true">
      {labelled.map((place, index) => {
        const x = placeCenter(place, places.length, isPoints);
        return (
          <g key={place} class={index % 2 === 1 ? "x-minor" : undefined}>
            <line
              class="tick"
              x1={`${x}%`}
              x2={`${x}%`}
              y1={height + 1}
              y2={height + 5}
            />
            <text
              x={`${x}%`}
              y={height + 18}
              text-anchor={anchorAt(x)}
            >
              {places[place].label}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** Labels at the edges stay inside. */
function anchorAt(percent: number): "start" | "middle" | "end" {
  if (percent < 3) return "start";
  return percent > 97 ? "end" : "middle";
}

/** The middle of a place, in percent of the width. */
export function placeCenter(
  place: number,
  count: number,
  isPoints = false,
): number {
  const x = isPoints
    ? place / Math.max(1, count - 1) * 100
    : (place + 0.5) / count * 100;
  return Math.round(x * 100) / 100;
}
