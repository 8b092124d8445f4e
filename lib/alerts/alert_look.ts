/** One look at all rules: what has changed since the last one, as far as it was stored. Pure. */
import { metricOf } from "@/lib/shared/alert_metrics.ts";
import { firedEvent, resolvedEvent, spaceOf } from "./alert_events.ts";
import type { Measured } from "./alert_measures.ts";
import {
  type AlertFacts,
  type AlertPlace,
  type AlertRecord,
  isSilenced,
  type Silence,
} from "./alert_record.ts";
import {
  type AlertRule,
  conditionOf,
  durationMs,
  limitOf,
} from "./alert_rules.ts";
import { type AlertStep, lookAt, removeAlert } from "./alert_state.ts";
import type { AlertChange } from "./alert_store.ts";

/** A rule of a scope and what it is about now; null: that could not be read. */
export interface MeasuredRule {
  scope: string;
  rule: AlertRule;
  measured: readonly Measured[] | null;
}

export interface LookParts {
  rules: readonly MeasuredRule[];
  silences: (scope: string) => readonly Silence[];
  nowMs: number;
  /** See `AlertLook`. */
  longestStepMs: number;
}

/** What an alert is found by among all. */
export function placeName({ scope, rule, series }: AlertPlace): string {
  return JSON.stringify([scope, rule, series]);
}

/** All alerts that are not well, by their place. */
export type Alerts = ReadonlyMap<string, AlertRecord>;

/** Looks at everything once. @returns a change for each alert that is, or was, not well */
export function lookAtAll(before: Alerts, parts: LookParts): AlertChange[] {
  const { rules, nowMs } = parts;
  const seen = new Set<string>();
  const changes: AlertChange[] = [];
  for (const { scope, rule, measured } of rules) {
    const own = [...before.values()].filter(({ facts }) =>
      facts.scope === scope && facts.rule === rule.id
    );
    const isSignal = metricOf(rule.metric).source === "signal";
    const found = new Map((measured ?? []).map((each) => [each.series, each]));
    // What was bad and is not found any more is well, or not known.
    for (const { facts } of own) {
      if (found.has(facts.series)) continue;
      const value = measured !== null && isSignal ? 0 : null;
      const { series, name, detail } = facts;
      found.set(series, { series, name, detail, value });
    }
    for (const each of found.values()) {
      const facts = factsOf(scope, rule, each);
      const place = placeName(facts);
      seen.add(place);
      const there = before.get(place) ?? null;
      const step = lookAt(there?.state ?? null, conditionOf(rule), {
        value: each.value,
        nowMs,
        isSilenced: isSilenced(parts.silences(scope), facts, nowMs),
        longestStepMs: parts.longestStepMs,
      });
      const change = toChange(facts, there, step, nowMs);
      if (change !== null) changes.push(change);
    }
  }
  for (const [place, there] of before) {
    if (seen.has(place)) continue;
    const step = removeAlert(there.state);
    const change = toChange(there.facts, there, step, nowMs);
    if (change !== null) changes.push(change);
  }
  return changes;
}

function factsOf(
  scope: string,
  rule: AlertRule,
  { series, name, detail }: Measured,
): AlertFacts {
  return {
    scope,
    rule: rule.id,
    series,
    metric: rule.metric,
    title: rule.title,
    severity: rule.severity,
    bad: rule.above === null ? "below" : "above",
    limit: limitOf(rule),
    windowMs: durationMs(rule.window),
    name,
    detail,
    next: rule.next,
    href: rule.href,
  };
}

function toChange(
  facts: AlertFacts,
  there: AlertRecord | null,
  { state, tells, ended }: AlertStep,
  nowMs: number,
): AlertChange | null {
  if (there === null && state === null) return null;
  return {
    place: facts,
    record: state === null ? null : { v: 1, facts, state },
    ended: ended === null ? null : {
      v: 1,
      facts,
      state: ended.last,
      endedAtMs: nowMs,
      ending: ended.ending,
    },
    event: tells === null ? null : {
      space: spaceOf(facts.scope),
      event: ended === null
        ? firedEvent(facts, state!, nowMs)
        : resolvedEvent(facts, ended.last, nowMs, ended.ending),
    },
  };
}
