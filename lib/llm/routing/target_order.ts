/** Which target of a route is asked first; the others follow in this order when it fails. */
import type { RouteStrategy } from "@/lib/config/routes.ts";
import type { Target } from "./target.ts";

/** A target and its share of the requests. */
export interface WeightedTarget {
  readonly target: Target;
  readonly weight: number;
}

/**
 * The targets of a route in the order in which a request asks them.
 * @param targets as the settings have them
 * @param random from 0 (included) to 1 (excluded)
 */
export function orderTargets(
  strategy: RouteStrategy,
  targets: readonly WeightedTarget[],
  random: () => number,
): Target[] {
  switch (strategy) {
    case "priority":
      return targets.map(({ target }) => target);
    case "weighted":
      return ascending(targets, ({ weight }) => draw(weight, random));
    case "least-latency":
      return ascending(targets, ({ target }) => burden(target));
  }
}

/**
 * Waiting time of a Poisson process with this rate: who comes first is drawn by weight, and so is who
 * comes next among the rest (Efraimidis and Spirakis, 2006, in logarithms). Without a weight it is last.
 */
function draw(weight: number, random: () => number): number {
  const waiting = -Math.log(1 - random());
  return weight === 0 ? Infinity : waiting / weight;
}

/** More than any average, so that who is known comes first. */
const UNKNOWN_MS = 1e12;

/**
 * How long a request would wait: the average, as often as requests share the target. One that nobody
 * knows is tried, by one request at a time; meanwhile the others go to those that are known.
 */
function burden({ latency, inFlight }: Target): number {
  const { averageMs } = latency;
  if (averageMs !== null) return averageMs * (inFlight + 1);
  return inFlight === 0 ? -1 : UNKNOWN_MS * inFlight;
}

/** Those of the same value stay in the order of the settings. */
function ascending(
  targets: readonly WeightedTarget[],
  value: (target: WeightedTarget) => number,
): Target[] {
  const valued = targets.map((each) => ({ each, value: value(each) }));
  valued.sort((left, right) =>
    left.value === right.value ? 0 : left.value < right.value ? -1 : 1
  );
  return valued.map(({ each }) => each.target);
}
