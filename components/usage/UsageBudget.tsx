import type { VNode } from "preact";
import { ChartFrame, plotOf } from "@/components/charts/ChartFrame.tsx";
import { niceScale } from "@/components/charts/scale.ts";
import { short } from "@/components/charts/spark_path.ts";
import { Twin } from "@/components/charts/Twin.tsx";
import {
  dollarFigure,
  formatDollars,
} from "@/lib/shared/usage/usage_format.ts";
import type { BurnDown } from "@/lib/shared/usage/usage_page.ts";

const HEIGHT = 150;

const round = (microUsd: number) => dollarFigure(microUsd).figure;

/** What is left of a budget until it begins anew, beside an even pace, and where that leads. */
export function UsageBudget({ of }: { of: BurnDown }): VNode {
  const { limitMicroUsd, leftMicroUsd, points, places, forecast } = of;
  const ticks = niceScale(limitMicroUsd, 2)
    .map((value) => ({ value, label: round(value).replace(/\.00$/, "") }));
  const plot = plotOf(HEIGHT, ticks);
  const label = `Budget left, ${of.period}: ${formatDollars(leftMicroUsd)} of ${
    formatDollars(limitMicroUsd)
  } on ${of.today}. ${forecast}`;
  return (
    <ChartFrame
      title={`Budget left, ${of.period}`}
      unit="US dollars"
      label={label}
      ticks={ticks}
      plot={plot}
      places={places}
      isPoints
      labels={5}
      foot={
        <>
          <p class="hint mt-2">{forecast} The thin line is an even pace.</p>
          <Twin
            label={`Budget left, ${of.period}, US dollars`}
            rowHead="From"
            columns={[{ label: "Spent" }, { label: "Left" }]}
            rows={points.map(({ title, spentMicroUsd, leftMicroUsd }) => ({
              label: title,
              cells: [
                formatDollars(spentMicroUsd),
                formatDollars(leftMicroUsd),
              ],
            }))}
          />
        </>
      }
    >
      <BurnDownLines of={of} y={plot.y} />
    </ChartFrame>
  );
}

function BurnDownLines(
  { of: { points, limitMicroUsd, leftMicroUsd, forecastMicroUsd }, y }: {
    of: BurnDown;
    y: (value: number) => number;
  },
): VNode {
  const level = (microUsd: number) => short(y(Math.max(0, microUsd)));
  const last = points.at(-1);
  const nowAt = (last?.at ?? 0) * 100;
  const nowX = Math.round(nowAt * 100) / 100;
  const line = `M0 ${level(limitMicroUsd)}${
    points.map(({ at, leftMicroUsd }) =>
      `L${Math.round(at * 10_000) / 100} ${level(leftMicroUsd)}`
    ).join("")
  }`;
  const slope = (forecastMicroUsd - leftMicroUsd) / Math.max(1e-9, 100 - nowAt);
  // What is used up stays so.
  const endX = forecastMicroUsd < 0 && slope < 0
    ? nowAt - leftMicroUsd / slope
    : 100;
  const nowY = y(Math.max(0, leftMicroUsd));
  return (
    <>
      <svg
        width="100%"
        height={HEIGHT}
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        aria-hidden="true"
      >
        <path class="level" d={`${line}V${HEIGHT}L0 ${HEIGHT}z`} />
        <path class="even" d={`M0 ${level(limitMicroUsd)}L100 ${HEIGHT}`} />
        <path class="line l-p50" d={line} />
        {leftMicroUsd > 0 && (
          <path
            class="forecast"
            d={`M${nowX} ${level(leftMicroUsd)}L${
              Math.round(endX * 100) / 100
            } ${level(forecastMicroUsd)}`}
          />
        )}
      </svg>
      <line
        class="today"
        x1={`${nowX}%`}
        x2={`${nowX}%`}
        y1={short(nowY)}
        y2={HEIGHT}
        aria-hidden="true"
      />
      <text
        class="lbl-strong halo"
        x={`${nowX}%`}
        // Above the level, or in it where there is no room.
        y={short(nowY < 30 ? nowY + 18 : nowY - 10)}
        text-anchor={nowX > 80 ? "end" : nowX < 15 ? "start" : "middle"}
        aria-hidden="true"
      >
        {round(Math.max(0, leftMicroUsd))} left
      </text>
      {forecastMicroUsd > 0 && nowX < 75 && (
        <text
          class="halo"
          x="100%"
          y={short(y(forecastMicroUsd) - 8)}
          text-anchor="end"
          aria-hidden="true"
        >
          about {round(forecastMicroUsd)}
        </text>
      )}
    </>
  );
}
