/** The stages of a request as bars on one scale. */
import type { RequestStage } from "./request_view.ts";

/** What a bar stands for: Freshet's own work, the provider, its stream, waiting, or a failure. */
export type BarKind = "ours" | "provider" | "stream" | "wait" | "fail";

export interface Bar {
  name: string;
  kind: BarKind;
  /** Where it begins and how long it is, in percent of the scale. */
  x: number;
  width: number;
  /** Null while it goes on. */
  durationMs: number | null;
  /** Code of the error that ended it, or null. */
  error: string | null;
  isRunning: boolean;
}

export interface Waterfall {
  bars: Bar[];
  /** Marks of the scale: where, in percent, and in milliseconds. */
  ticks: { x: number; ms: number }[];
}

/** A bar is at least so wide, in percent, or it could not be seen. */
const LEAST_WIDTH = 0.45;
/** Time between two tries that counts as waiting, in milliseconds. */
const LEAST_WAIT_MS = 5;
const MOST_TICKS = 5;

const OF_PROVIDER = ["provider.connect", "provider.first_token", "stream"];

/** @param totalMs of the request; its stages may end a little later */
export function waterfallOf(
  stages: readonly RequestStage[],
  totalMs: number,
): Waterfall {
  const wholeMs = Math.max(
    totalMs,
    ...stages.map(({ startMs, durationMs }) => startMs + (durationMs ?? 0)),
    1,
  );
  const percent = (ms: number) => Math.round(ms / wholeMs * 10_000) / 100;
  const all = withWaits(stages);
  return {
    bars: all.map(({ name, startMs, durationMs, outcome, error }) => {
      const lastsMs = durationMs ?? wholeMs - startMs;
      const width = Math.max(percent(lastsMs), LEAST_WIDTH);
      return {
        name,
        kind: kindOf(name, outcome),
        x: Math.min(percent(startMs), 100 - LEAST_WIDTH),
        width,
        durationMs,
        error,
        isRunning: durationMs === null,
      };
    }),
    ticks: ticksOf(wholeMs).map((ms) => ({ x: percent(ms), ms })),
  };
}

function kindOf(name: string, outcome: string): BarKind {
  if (outcome === "failed") return "fail";
  if (name === "wait") return "wait";
  if (name === "stream") return "stream";
  return OF_PROVIDER.includes(name) ? "provider" : "ours";
}

/** The stages, and between a try that failed and the next one the time that was waited. */
function withWaits(stages: readonly RequestStage[]): RequestStage[] {
  const all: RequestStage[] = [];
  let failedMs: number | null = null;
  for (const stage of stages) {
    const { name, startMs, durationMs, outcome } = stage;
    if (name === "provider.connect" && failedMs !== null) {
      const waitedMs = startMs - failedMs;
      if (waitedMs >= LEAST_WAIT_MS) {
        all.push({
          name: "wait",
          startMs: failedMs,
          durationMs: waitedMs,
          outcome: "ok",
          error: null,
        });
      }
    }
    if (OF_PROVIDER.includes(name)) {
      failedMs = outcome === "failed" && durationMs !== null
        ? startMs + durationMs
        : null;
    }
    all.push(stage);
  }
  return all;
}

/** Round numbers from 0 on, up to what the scale holds. */
function ticksOf(wholeMs: number): number[] {
  const rough = wholeMs / (MOST_TICKS - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power)
    .find((each) => each >= rough) ?? rough;
  const count = Math.floor(wholeMs * 0.97 / step) + 1;
  // Sums of parts of a millisecond have digits of their own.
  return Array.from(
    { length: count },
    (_, index) => Math.round(index * step * 1_000) / 1_000,
  );
}
