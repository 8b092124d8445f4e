/** What the store has of alerts. */
import type { AlertRuleSettings, Severity } from "@/lib/config/alerts.ts";
import type { AlertMetricName } from "@/lib/shared/alert_metrics.ts";
import type { AlertEnding, AlertState } from "./alert_state.ts";

/** Records of the store; `v` is the version of their shape. */
interface Versioned {
  readonly v: 1;
}

/** The alerts of the whole server. All others are those of the workspace whose id they have. */
export const SERVER_SCOPE = "server";

/** Which alert it is: a rule may stand for several, such as one for each model that fails. */
export interface AlertPlace {
  /** `server`, or a `wsp_` id. */
  scope: string;
  /** Id of the rule. */
  rule: string;
  /** What of a rule's many it is about; "": the rule stands for one. */
  series: string;
}

/** What is said of an alert: as it was when it was looked at last, whatever becomes of its rule. */
export interface AlertFacts extends AlertPlace {
  metric: AlertMetricName;
  title: string;
  severity: Severity;
  bad: "above" | "below";
  limit: number;
  /** Over which time it is measured, in milliseconds. */
  windowMs: number;
  /** What the series is, in words; null: the rule stands for one. */
  name: string | null;
  /** More about the value, in a sentence or two; null: nothing. */
  detail: string | null;
  /** What to do, in sentences. */
  next: string;
  /** Page that shows more. */
  href: string;
}

/** An alert that waits to fire or fires. */
export interface AlertRecord extends Versioned {
  readonly facts: AlertFacts;
  readonly state: AlertState;
}

/** An alert that fired and is over. */
export interface EndedAlertRecord extends Versioned {
  readonly facts: AlertFacts;
  readonly state: AlertState;
  readonly endedAtMs: number;
  readonly ending: AlertEnding;
}

/** For so long nobody is told that something fires. */
export interface Silence {
  rule: string;
  /** Null: all that the rule stands for. */
  series: string | null;
  /** Milliseconds since 1970 UTC. */
  untilMs: number;
  /** Who wants it: a `usr_` id. */
  by: string;
  atMs: number;
}

/** What was set of the alerts of a scope. */
export interface AlertSettingsRecord extends Versioned {
  readonly version: number;
  readonly rules: readonly AlertRuleSettings[];
  readonly silences: readonly Silence[];
  readonly token?: string;
}

/** The incarnation that looks after alerts. */
export interface AlertLeaseRecord extends Versioned {
  readonly holder: string;
  readonly token?: string;
}

/** Something that the program has found by itself, and that is bad as long as it is there. */
export interface Signal {
  /** `server`, or a `wsp_` id. */
  scope: string;
  metric: AlertMetricName;
  series: string;
  /** What it is, in words, such as `m1 of openai`. */
  name: string;
  detail: string | null;
}

/** What an event has told. */
export interface ToldSignalRecord extends Versioned {
  readonly name: string;
  readonly detail: string | null;
  /** When it is over by itself, milliseconds since 1970 UTC; null: never. */
  readonly untilMs: number | null;
}

/** Whether nobody is to be told of an alert now. */
export function isSilenced(
  silences: readonly Silence[],
  { rule, series }: Pick<AlertPlace, "rule" | "series">,
  nowMs: number,
): boolean {
  return silenceOf(silences, { rule, series }, nowMs) !== null;
}

/** The silence of an alert that lasts longest; null: there is none. */
export function silenceOf(
  silences: readonly Silence[],
  { rule, series }: Pick<AlertPlace, "rule" | "series">,
  nowMs: number,
): Silence | null {
  return silences
    .filter((silence) =>
      silence.rule === rule && silence.untilMs > nowMs &&
      (silence.series === null || silence.series === series)
    )
    .sort((one, other) => other.untilMs - one.untilMs)[0] ?? null;
}
