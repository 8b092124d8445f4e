import type { VNode } from "preact";
import { linePaths, short, thinOut } from "./spark_path.ts";

/** Height of the picture, in pixels. */
const HEIGHT = 28;
/** Room above and below, in pixels. */
const MARGIN = 2;
/** Points of one picture. */
const MOST_POINTS = 48;

export interface SparkProps {
  /** Values at even distances, oldest first; null: there is none, which leaves a gap. */
  points: readonly (number | null)[];
  /** What it shows, for those who do not see it; "" where the words beside it say as much. */
  label: string;
  /** The value that reaches the top; the largest one unless told. */
  top?: number;
}

/** A small picture of how something went, from 0 up; the figure beside it says what counts. */
export function Spark({ points, label, top }: SparkProps): VNode {
  const shown = thinOut(points, MOST_POINTS);
  const values = shown.filter((value) => value !== null);
  const high = Math.max(top ?? 0, 0, ...values) || 1;
  const low = Math.min(0, ...values);
  const y = (value: number) =>
    HEIGHT - MARGIN - (value - low) / (high - low) * (HEIGHT - 2 * MARGIN);
  const { line, area } = linePaths(shown, y, HEIGHT);
  const last = shown.at(-1) ?? null;
  return (
    <svg
      class="spark"
      {...(label === ""
        ? { "aria-hidden": "true" }
        : { role: "img", "aria-label": label })}
    >
      <svg
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        width="100%"
        height={HEIGHT}
      >
        <path class="area" d={area} />
        <path d={line} />
      </svg>
      {last !== null && <circle cx="100%" cy={short(y(last))} r="2.5" />}
    </svg>
  );
}
