import type { VNode } from "preact";

const HEIGHT = 28;
const MARGIN = 2;

/** A small picture of how something went; the figure beside it says what counts. */
export function Spark({ values }: { values: readonly number[] }): VNode {
  const most = Math.max(1, ...values);
  const y = (value: number) =>
    HEIGHT - MARGIN - (value / most) * (HEIGHT - 2 * MARGIN);
  const points = values.map((value, index) =>
    `${(index / Math.max(1, values.length - 1) * 100).toFixed(1)} ${
      y(value).toFixed(1)
    }`
  );
  const line = `M${points.join("L")}`;
  return (
    <svg class="spark" aria-hidden="true">
      <svg
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        width="100%"
        height={HEIGHT}
      >
        <path class="area" d={`${line}L100 ${HEIGHT}L0 ${HEIGHT}z`} />
        <path d={line} />
      </svg>
    </svg>
  );
}
