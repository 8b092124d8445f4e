import type { VNode } from "preact";
import type { ChartPlace } from "@/lib/shared/chart_parts.ts";

export interface PlaceHitsProps {
  places: readonly ChartPlace[];
  /** What each place says, in words: `$15.25`. */
  words: readonly string[];
  /** In pixels. */
  height: number;
  isPoints?: boolean;
}

/**
 * What the pointer and the keys find in a chart: one place after the other. One of them is in the order of
 * focus; the others are reached by the arrow keys (`ChartTips`).
 */
export function PlaceHits(
  { places, words, height, isPoints }: PlaceHitsProps,
): VNode {
  const count = places.length;
  const width = 100 / Math.max(1, isPoints ? count - 1 : count);
  const percent = (value: number) => `${Math.round(value * 100) / 100}%`;
  return (
    <g class="hits">
      {places.map(({ title }, place) => (
        <rect
          key={place}
          x={percent((place - (isPoints ? 0.5 : 0)) * width)}
          width={percent(width)}
          height={height}
          role="img"
          aria-label={`${title}: ${words[place]}`}
          tabIndex={place === count - 1 ? 0 : -1}
        />
      ))}
    </g>
  );
}
