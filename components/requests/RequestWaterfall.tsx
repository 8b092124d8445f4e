import type { VNode } from "preact";
import type { RequestStage } from "@/lib/shared/requests/request_view.ts";
import { codeWords, formatSpan } from "@/lib/shared/requests/request_words.ts";
import { type Bar, waterfallOf } from "@/lib/shared/requests/waterfall.ts";

const CLASSES = {
  ours: "ours",
  provider: undefined,
  stream: "stream",
  wait: "wait",
  fail: "fail",
} as const;

/** Beyond this a text behind a bar would leave the picture, in percent. */
const TEXT_ROOM = 78;
/** Between a bar and its text, in percent. */
const TEXT_GAP = 1;

/** Where the time of a request went: a table whose middle column is drawn. */
export function RequestWaterfall(
  { stages, totalMs }: { stages: readonly RequestStage[]; totalMs: number },
): VNode {
  const { bars, ticks } = waterfallOf(stages, totalMs);
  const lines = ticks.map(({ x, ms }) => (
    <line key={ms} class="grid" x1={`${x}%`} x2={`${x}%`} y1="0" y2="28" />
  ));
  return (
    <table class="waterfall">
      <caption class="sr">
        Stages of this request with start and length
      </caption>
      <thead>
        <tr>
          <th scope="col">
            <span class="sr">Stage</span>
          </th>
          <th scope="col">
            <span class="sr">Time</span>
            <svg aria-hidden="true">
              {ticks.map(({ x, ms }, index) => (
                <text
                  key={ms}
                  x={`${x}%`}
                  y="18"
                  text-anchor={index === 0 ? "start" : "middle"}
                >
                  {tickText(ms)}
                </text>
              ))}
            </svg>
          </th>
          <th scope="col">
            <span class="sr">Length</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {bars.map((bar, index) => (
          <tr key={index}>
            <th scope="row">{bar.name}</th>
            <td>
              <svg aria-hidden="true">
                {lines}
                <rect
                  class={CLASSES[bar.kind]}
                  fill={bar.kind === "wait" ? "url(#wait-hatch)" : undefined}
                  x={`${bar.x}%`}
                  width={`${bar.width}%`}
                  y="9"
                  height="10"
                />
                <BarText bar={bar} />
              </svg>
              {bar.error !== null && (
                <span class="sr">{codeWords(bar.error)}</span>
              )}
            </td>
            <td class="num">
              {bar.durationMs === null ? "running" : formatSpan(bar.durationMs)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** What ended a stage, beside its bar where there is room. */
function BarText({ bar: { error, x, width } }: { bar: Bar }): VNode | null {
  if (error === null) return null;
  const end = x + width;
  const isBehind = end <= TEXT_ROOM;
  return (
    <text
      x={`${isBehind ? end + TEXT_GAP : x - TEXT_GAP}%`}
      y="18"
      text-anchor={isBehind ? "start" : "end"}
    >
      {error.replaceAll("_", " ")}
    </text>
  );
}

function tickText(ms: number): string {
  if (ms === 0) return "0";
  return ms < 1_000 ? `${ms} ms` : `${ms / 1_000} s`;
}

/** What the bars are, and the pattern of waiting for them. */
export function WaterfallLegend(): VNode {
  return (
    <>
      <svg class="sprite" width="0" height="0" aria-hidden="true">
        <defs>
          <pattern
            id="wait-hatch"
            width="4"
            height="4"
            patternUnits="userSpaceOnUse"
            patternTransform="rotate(45)"
          >
            <line y2="4" />
          </pattern>
        </defs>
      </svg>
      <ul class="legend-line push">
        <li>
          <span class="swatch ours" />Freshet
        </li>
        <li>
          <span class="swatch" data-hue="1" />Provider
        </li>
        <li>
          <span class="swatch" data-hue="other" />Waiting
        </li>
      </ul>
    </>
  );
}
