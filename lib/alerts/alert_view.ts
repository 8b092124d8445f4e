/** Alerts as the API and the pages show them. */
import type {
  Alert,
  AlertOwner,
  AlertRule as ShownRule,
  EndedAlert,
} from "@/lib/shared/wire.ts";
import { incidentOf } from "./alert_events.ts";
import {
  type AlertRecord,
  type EndedAlertRecord,
  SERVER_SCOPE,
  type Silence,
  silenceOf,
} from "./alert_record.ts";
import type { AlertRule } from "./alert_rules.ts";
import { endingWords, headline, troubleWords } from "./alert_words.ts";

/** Whose alert it is, for those who may see it. */
export function ownerOf(scope: string): AlertOwner {
  return scope === SERVER_SCOPE ? "server" : "workspace";
}

const iso = (ms: number) => new Date(ms).toISOString();

export function toAlert(
  { facts, state }: AlertRecord,
  silences: readonly Silence[],
  nowMs: number,
): Alert {
  const silence = silenceOf(silences, facts, nowMs);
  return {
    scope: ownerOf(facts.scope),
    rule: facts.rule,
    series: facts.series,
    state: state.phase,
    severity: facts.severity,
    title: headline(facts),
    text: troubleWords(facts, state),
    next: facts.next,
    href: facts.href,
    metric: facts.metric,
    value: state.value,
    worst: state.worst,
    bad: facts.bad,
    limit: facts.limit,
    since: iso(state.sinceMs),
    firedAt: state.firedAtMs === null
      ? null
      : iso(Math.min(state.firedAtMs, nowMs)),
    incident: state.firedAtMs === null
      ? null
      : incidentOf(facts, state.firedAtMs),
    silencedUntil: silence === null ? null : iso(silence.untilMs),
  };
}

export function toEndedAlert(
  { facts, state, endedAtMs, ending }: EndedAlertRecord,
): EndedAlert {
  return {
    scope: ownerOf(facts.scope),
    rule: facts.rule,
    series: facts.series,
    incident: incidentOf(facts, state.firedAtMs),
    severity: facts.severity,
    title: headline(facts),
    text: endingWords(facts, state, endedAtMs, ending),
    metric: facts.metric,
    worst: state.worst,
    bad: facts.bad,
    limit: facts.limit,
    since: iso(state.sinceMs),
    firedAt: iso(Math.min(state.firedAtMs ?? state.sinceMs, endedAtMs)),
    resolvedAt: iso(endedAtMs),
    ending,
    wasTold: state.isTold,
  };
}

/** @param alerts those of the rule's scope */
export function toShownRule(
  rule: AlertRule,
  alerts: readonly AlertRecord[],
  silences: readonly Silence[],
  value: number | null,
  nowMs: number,
): ShownRule {
  const own = alerts.filter(({ facts }) => facts.rule === rule.id);
  const phases = new Set(own.map(({ state }) => state.phase));
  const silence = silenceOf(
    silences.filter(({ series }) => series === null || series === ""),
    { rule: rule.id, series: "" },
    nowMs,
  );
  return {
    ...rule,
    value,
    state: !rule.enabled
      ? "off"
      : phases.has("firing")
      ? "firing"
      : phases.has("pending")
      ? "pending"
      : "ok",
    silencedUntil: silence === null ? null : iso(silence.untilMs),
  };
}

const SEVERITY_ORDER = { critical: 0, warning: 1, info: 2 } as const;

/** What fires before what only waits, what is worse before what is not, the oldest first. */
export function byUrgency(one: Alert, other: Alert): number {
  return Number(one.state === "pending") - Number(other.state === "pending") ||
    Number(one.silencedUntil !== null) - Number(other.silencedUntil !== null) ||
    SEVERITY_ORDER[one.severity] - SEVERITY_ORDER[other.severity] ||
    one.since.localeCompare(other.since);
}
