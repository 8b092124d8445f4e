/** What the rest of the program is told of alerts. */
import { hash } from "node:crypto";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import {
  type AlertFacts,
  type AlertPlace,
  SERVER_SCOPE,
} from "./alert_record.ts";
import type { AlertEnding, AlertState } from "./alert_state.ts";
import { endingWords, headline, troubleWords } from "./alert_words.ts";

/** Types of the events of alerts. */
export const ALERT_EVENTS = {
  fired: "alert.fired",
  resolved: "alert.resolved",
  silenced: "alert.silenced",
} as const;

/** Whose event it is: what is the server's is told those who run it, in the first workspace. */
export function spaceOf(scope: string): string {
  return scope === SERVER_SCOPE ? FIRST_WORKSPACE : scope;
}

/** Names one firing of an alert from its beginning to its end, for receivers that put both together. */
export function incidentOf(
  { scope, rule, series }: AlertPlace,
  firedAtMs: number | null,
): string {
  const text = `${scope} ${rule} ${series} ${firedAtMs}`;
  return `alr_${hash("sha256", text, "hex").slice(0, 22)}`;
}

/** It fires. */
export function firedEvent(
  facts: AlertFacts,
  state: AlertState,
  at: number,
): OutboxEvent {
  return {
    type: ALERT_EVENTS.fired,
    at,
    subject: facts.rule,
    data: {
      ...shared(facts, state),
      words: `${troubleWords(facts, state)} ${facts.next}`,
    },
  };
}

/** It is over. */
export function resolvedEvent(
  facts: AlertFacts,
  state: AlertState,
  at: number,
  ending: AlertEnding,
): OutboxEvent {
  return {
    type: ALERT_EVENTS.resolved,
    at,
    subject: facts.rule,
    data: {
      ...shared(facts, state),
      words: endingWords(facts, state, at, ending),
      ending,
      resolvedAt: new Date(at).toISOString(),
    },
  };
}

/** What a test tells: that it fires and, at once, that it is over, so that nothing stays open anywhere. */
export function testEvents(scope: string, at: number): OutboxEvent[] {
  const when = new Date(at).toISOString();
  const data = {
    incident: incidentOf({ scope, rule: "test", series: "" }, at),
    rule: "test",
    scope,
    series: "",
    severity: "warning",
    metric: "test",
    value: 0,
    bad: "above",
    limit: 0,
    headline: "Test of the alerts",
    next: "Nothing has to be done.",
    href: "/admin/alerts",
    since: when,
    firedAt: when,
  };
  const event = (type: string, more: Record<string, unknown>) => ({
    type,
    at,
    subject: "test",
    data: { ...data, ...more },
  });
  return [
    event(ALERT_EVENTS.fired, {
      words:
        "Nothing is wrong: an admin tries whether alerts come to where they should. Nothing has to be done.",
    }),
    event(ALERT_EVENTS.resolved, {
      words: "The test is over. An alert that is over comes here, too.",
      ending: "recovered",
      resolvedAt: when,
    }),
  ];
}

function shared(facts: AlertFacts, state: AlertState) {
  const { rule, scope, series, severity, metric, bad, limit, next, href } =
    facts;
  return {
    incident: incidentOf(facts, state.firedAtMs),
    rule,
    scope,
    series,
    severity,
    metric,
    value: state.value,
    bad,
    limit,
    headline: headline(facts),
    next,
    href,
    since: new Date(state.sinceMs).toISOString(),
    firedAt: new Date(state.firedAtMs ?? state.atMs).toISOString(),
  };
}
