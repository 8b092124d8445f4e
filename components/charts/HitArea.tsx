import type { VNode } from "preact";

export interface HitAreaProps {
  /** How many places the chart has. */
  places: number;
  /** In pixels. */
  height: number;
  /** Whether places are points from edge to edge; otherwise each has a width. */
  isPoints?: boolean;
}

/**
 * Where a chart can be pointed at, and what marks the place that is. The script of `ChartTips` makes it a
 * slider over the places, which the keys move; without it the table says the same.
 */
export function HitArea({ places, height, isPoints }: HitAreaProps): VNode {
  return (
    <>
      <rect class="hit-mark" height={height} visibility="hidden" />
      <rect
        class="hit"
        width="100%"
        height={height}
        data-places={places}
        data-points={isPoints ? "" : undefined}
      />
    </>
  );
}
