/** Finds in the newest hours of usage what is not as usual, each thing told once. */
import { type Baseline, judge } from "./baseline.ts";
import type { AnomalyPlace, BaselineRecord } from "./anomaly_record.ts";
import { SCORE_FROM, shown } from "./detect.ts";
import {
  ANOMALY_DIMENSIONS,
  ANOMALY_METRICS,
  type AnomalyDirection,
  type AnomalyMetric,
  METRIC_RULES,
} from "./usage_metrics.ts";
import { emptySeries, HOUR_MS, type UsageSeries } from "./usage_series.ts";
import { silenceReason, usageReason } from "./usage_words.ts";

/** Something that is not as usual in some of the hours that were looked at. */
export interface Finding extends AnomalyPlace {
  startMs: number;
  lastMs: number;
  worstMs: number;
  value: number;
  expected: number;
  score: number;
  reason: string;
  /** How far an hour was from what is usual, so that findings can be compared. */
  perHour: number;
  /** What else shows the same. */
  also: string[];
}

/** Usage around the hours that are looked at. */
export interface Look {
  series: readonly UsageSeries[];
  /** When the values begin; milliseconds since 1970 UTC. */
  fromMs: number;
  /** From which hour on values are judged; those before tell how long nothing has come. */
  judgeFromMs: number;
  hours: number;
}

/** More or less than usual by at least this factor. */
const LEAST_FACTOR = 1.5;
/** Silence is told of once so much would have come, and so many times as much as in silences before. */
const LEAST_MISSED = 20;
const LONGER_THAN_BEFORE = 3;

/** All findings, those first that say most precisely where it is. */
export function findingsOf(
  baselines: readonly BaselineRecord[],
  look: Look,
): Finding[] {
  const series = new Map(look.series.map((each) => [idOf(each), each]));
  const found: Finding[] = [];
  for (const record of baselines) {
    const { dimension, key, metrics } = record;
    // What is not there has done nothing.
    const own = series.get(idOf(record)) ??
      emptySeries(dimension, key, look.hours);
    for (const metric of ANOMALY_METRICS) {
      const baseline = metrics[metric];
      if (baseline === undefined) continue;
      const about = { dimension, key, metric };
      found.push(...unusualHours(about, baseline, own.values[metric], look));
      if (metric !== "requests") continue;
      const silence = silenceOf(about, baseline, own.values.requests, look);
      if (silence !== null) found.push(silence);
    }
  }
  return together(found);
}

function unusualHours(
  about: Omit<AnomalyPlace, "direction">,
  baseline: Baseline,
  values: Float64Array,
  { fromMs, judgeFromMs, hours }: Look,
): Finding[] {
  const found = new Map<AnomalyDirection, Finding>();
  for (let i = (judgeFromMs - fromMs) / HOUR_MS; i < hours; i += 1) {
    const atMs = fromMs + i * HOUR_MS;
    const value = values[i];
    const judged = judge(baseline, atMs, value);
    const direction = value > judged.expected ? "above" : "below";
    if (!isWorthTelling(about.metric, direction, value, judged)) continue;
    const expected = shown(judged.expected, baseline.spread.isCount);
    const hour: Finding = {
      ...about,
      direction,
      startMs: atMs,
      lastMs: atMs,
      worstMs: atMs,
      value: shown(value, baseline.spread.isCount),
      expected,
      score: Math.round(judged.score * 10) / 10,
      reason: usageReason(about.metric, value, expected, baseline.season, atMs),
      perHour: Math.abs(value - judged.expected),
      also: [],
    };
    const before = found.get(direction);
    if (before === undefined) found.set(direction, hour);
    else if (hour.score > before.score) {
      found.set(direction, { ...hour, startMs: before.startMs });
    } else before.lastMs = atMs;
  }
  return [...found.values()];
}

function isWorthTelling(
  metric: AnomalyMetric,
  direction: AnomalyDirection,
  value: number,
  { expected, score }: { expected: number; score: number },
): boolean {
  const { leastDifference, isToldBelow } = METRIC_RULES[metric];
  if (direction === "below" && !isToldBelow) return false;
  const [less, more] = [Math.min(value, expected), Math.max(value, expected)];
  return score >= SCORE_FROM && more - less >= leastDifference &&
    more >= LEAST_FACTOR * less;
}

/** Nothing has come for longer than it ever did, though no single hour would say so. */
function silenceOf(
  about: Omit<AnomalyPlace, "direction">,
  { ...baseline }: Baseline,
  values: Float64Array,
  { fromMs, judgeFromMs, hours }: Look,
): Finding | null {
  let missed = 0;
  let first = hours;
  while (first > 0 && values[first - 1] === 0) {
    first -= 1;
    missed += judge(baseline, fromMs + first * HOUR_MS, 0).expected;
  }
  const usual = Math.max(
    LEAST_MISSED,
    LONGER_THAN_BEFORE * baseline.longestSilence,
  );
  if (missed < usual) return null;
  const startMs = fromMs + first * HOUR_MS;
  const lastMs = fromMs + (hours - 1) * HOUR_MS;
  const expected = shown(missed, true);
  return {
    ...about,
    direction: "below",
    startMs: Math.max(startMs, judgeFromMs),
    lastMs,
    worstMs: lastMs,
    value: 0,
    expected,
    // By chance alone so many would not come once in e^missed times.
    score: Math.round(10 * Math.min(100, 2 * Math.sqrt(missed))) / 10,
    reason: silenceReason(expected, hours - first),
    perHour: missed / (hours - first),
    also: [],
  };
}

/** Changes of about the same size are one: that of a key is also its user's, its model's and everybody's. */
const SAME_SIZE = 0.6;

function together(found: readonly Finding[]): Finding[] {
  const order = (finding: Finding) =>
    10 * ANOMALY_DIMENSIONS.indexOf(finding.dimension) +
    ANOMALY_METRICS.indexOf(finding.metric);
  const groups: Finding[][] = [];
  for (const finding of [...found].sort((a, b) => order(a) - order(b))) {
    const group = groups.find((members) => isSame(members, finding));
    if (group === undefined) groups.push([finding]);
    else group.push(finding);
  }
  return absorbed(groups).map(([main, ...others]) => ({
    ...main,
    also: [...new Set(others.map(idOf))].filter((id) => id !== idOf(main)),
  }));
}

/** What no single thing accounts for is told of the workspace, and not of each part of it, too. */
function absorbed(groups: readonly Finding[][]): Finding[][] {
  const whole = groups.filter(([main]) => main.dimension === "all");
  const parts = groups.filter(([main]) => main.dimension !== "all");
  const left = parts.filter((part) => {
    const host = whole.find(([main]) =>
      main.metric === part[0].metric && main.direction === part[0].direction &&
      overlaps(main, part[0])
    );
    host?.push(...part);
    return host === undefined;
  });
  return [...left, ...whole];
}

function isSame([main, ...more]: Finding[], finding: Finding): boolean {
  if (main.direction !== finding.direction) return false;
  if (idOf(main) === idOf(finding)) return true;
  if (main.dimension === finding.dimension) return false;
  // The same part may have been found by another measure, too.
  return [main, ...more].some((member) => {
    const [less, more] = [member.perHour, finding.perHour].sort((a, b) =>
      a - b
    );
    return idOf(member) === idOf(main) && member.metric === finding.metric &&
      overlaps(member, finding) && less >= SAME_SIZE * more;
  });
}

function overlaps(one: Finding, other: Finding): boolean {
  return one.startMs <= other.lastMs && other.startMs <= one.lastMs;
}

/** `key:key_…`, `user:usr_…`, `model:m1`, `all:`. */
export function idOf(
  { dimension, key }: Pick<AnomalyPlace, "dimension" | "key">,
): string {
  return `${dimension}:${key}`;
}
