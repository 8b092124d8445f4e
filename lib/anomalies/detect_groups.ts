/** Finds anomalies in the series of many groups. */
import type { FoundAnomaly } from "@/lib/shared/wire.ts";
import { invalidRequest } from "@/lib/errors.ts";
import { type Anomaly, detect, LEAST_POINTS } from "./detect.ts";
import { type GivenPoint, timeLike } from "./given_points.ts";
import { type Point, seriesOf } from "./series.ts";

/** What a time without a point means: nothing is known of it, or nothing happened. */
export type Missing = "ignore" | "zero";

/** Most points that are added where there was none. */
const MOST_ADDED = 100_000;
/** A gap that is so many steps long has a point missing. */
const GAP_STEPS = 1.5;

/**
 * All anomalies, by time.
 * @throws {AppError} 400 `invalid_request` when so many points are missing that they cannot be added
 */
export function* detectGroups(
  given: readonly GivenPoint[],
  missing: Missing,
): Generator<void, FoundAnomaly[]> {
  const groups = Map.groupBy(given, ({ group }) => group);
  yield;
  const lastMs = given.reduce((last, { atMs }) => Math.max(last, atMs), 0);
  const found: (FoundAnomaly & { atMs: number })[] = [];
  for (const [group, points] of groups) {
    const filled = missing === "zero"
      ? yield* withZeros(points, lastMs)
      : points;
    const anomalies = yield* detect(filled);
    for (const anomaly of anomalies) {
      found.push(toFound(anomaly, filled, points, group));
    }
    yield;
  }
  found.sort((left, right) => left.atMs - right.atMs);
  return found.map(({ atMs: _, ...anomaly }) => anomaly);
}

function toFound(
  { place, value, expected, score, reason }: Anomaly,
  points: readonly Point[],
  given: readonly GivenPoint[],
  group: string | null,
): FoundAnomaly & { atMs: number } {
  const { atMs } = points[place];
  const t = given[place]?.t ?? timeLike(given[0], atMs);
  return { atMs, t, v: value, group, expected, score, reason };
}

/** The points, and behind them one of 0 for each step at which there is none up to a time. */
function* withZeros(
  given: readonly GivenPoint[],
  lastMs: number,
): Generator<void, readonly Point[]> {
  if (given.length < LEAST_POINTS) return given;
  const { atMs, stepMs } = yield* seriesOf(given);
  if (stepMs === 0) return given;
  const added: Point[] = [];
  for (let i = 0; i < atMs.length; i += 1) {
    const next = i + 1 < atMs.length ? atMs[i + 1] : lastMs + stepMs;
    const steps = Math.round((next - atMs[i]) / stepMs);
    if (next - atMs[i] < GAP_STEPS * stepMs) continue;
    if (added.length + steps > MOST_ADDED) {
      throw invalidRequest(
        "missing",
        "cannot be zero: too many points are missing",
      );
    }
    for (let step = 1; step < steps; step += 1) {
      added.push({ atMs: atMs[i] + step * stepMs, value: 0 });
    }
  }
  return [...given, ...added];
}
