/** Anomalies of usage and what they are judged by, as the store keeps them. */
import type { Baseline } from "./baseline.ts";
import type {
  AnomalyDimension,
  AnomalyDirection,
  AnomalyMetric,
} from "./usage_metrics.ts";

/** What something unusual is about. */
export interface AnomalyPlace {
  dimension: AnomalyDimension;
  /** Id of the key or user, name of the model; "" of the workspace as a whole. */
  key: string;
  metric: AnomalyMetric;
  direction: AnomalyDirection;
}

/** Something in the usage of a workspace that is not as usual, from its first hour to its last. */
export interface AnomalyRecord extends AnomalyPlace {
  readonly v: 1;
  /** `anm_` id, the same however often it is found. */
  id: string;
  /** The first and the last hour in which it was so; milliseconds since 1970 UTC. */
  startMs: number;
  lastMs: number;
  /** Of the hour that was furthest from what is usual. */
  worstMs: number;
  value: number;
  expected: number;
  score: number;
  reason: string;
  /** What else it was seen in: `user:usr_…`, `model:m1`, `all:`. */
  also: string[];
  /** Version of what it was judged by. */
  baseline: number;
  /** When it was over; null: it goes on. */
  endedMs: number | null;
  /** When it was found, milliseconds since 1970 UTC. */
  foundMs: number;
}

/** What was fitted last, and how far has been looked; one for each workspace. */
export interface AnomalyState {
  readonly v: 1;
  /** Null: nothing was fitted yet. */
  baseline: BaselineVersion | null;
  /** Hours that began before then have been looked at; null: none. */
  scannedMs: number | null;
  /** Those that go on. */
  open: AnomalyRecord[];
  token?: string;
}

/** One fitting. */
export interface BaselineVersion {
  /** Each fitting has the next number. */
  version: number;
  fittedMs: number;
  /** What it was made of. */
  fromMs: number;
  toMs: number;
  /** Things that are watched. */
  series: number;
}

/** What is usual of one thing. */
export interface BaselineRecord {
  readonly v: 1;
  dimension: AnomalyDimension;
  key: string;
  metrics: Partial<Record<AnomalyMetric, Baseline>>;
}
