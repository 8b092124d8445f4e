/** What people are told of an alert: the same words on pages, in mails, to webhooks, in notifications. */
import { metricOf } from "@/lib/shared/alert_metrics.ts";
import { formatMetric, formatSpan } from "@/lib/shared/alert_words.ts";
import type { AlertFacts } from "./alert_record.ts";
import type { AlertEnding, AlertState } from "./alert_state.ts";

/** The headline: "The event loop lags", "A provider is down: openai". */
export function headline({ title, name }: AlertFacts): string {
  return name === null ? title : `${title}: ${name}`;
}

/** What is the matter, in a sentence. */
export function troubleWords(facts: AlertFacts, state: AlertState): string {
  const { metric, bad, limit, detail, windowMs } = facts;
  const { unit, title } = metricOf(metric);
  if (unit === "state") return sentence(detail ?? `${headline(facts)}.`);
  const value = formatMetric(unit, state.value);
  const over = windowMs > 0 ? ` over ${formatSpan(windowMs)}` : "";
  const heldMs = Math.max(0, (state.firedAtMs ?? state.atMs) - state.sinceMs);
  const held = heldMs >= 1_000
    ? `, for ${formatSpan(heldMs)} before it fired`
    : "";
  const words = `${title}: ${value}${over}, ${bad} the limit of ${
    formatMetric(unit, limit)
  }${state.phase === "firing" ? held : ""}.`;
  return detail === null ? words : `${words} ${sentence(detail)}`;
}

/** What has become of it, in a sentence. */
export function endingWords(
  facts: AlertFacts,
  state: AlertState,
  endedAtMs: number,
  ending: AlertEnding,
): string {
  const { metric, bad } = facts;
  const { unit, title } = metricOf(metric);
  const span = formatSpan(endedAtMs - (state.firedAtMs ?? state.sinceMs));
  if (ending === "removed") {
    return `Its rule was changed, switched off or removed. It had fired for ${span}.`;
  }
  if (ending === "unknown") {
    return `Nothing has been measured for a while. It had fired for ${span}.`;
  }
  if (unit === "state") return `It is over, after ${span}.`;
  const extreme = bad === "above" ? "highest" : "lowest";
  return `${title} is ${
    formatMetric(unit, state.value)
  } again, after ${span}; the ${extreme} was ${
    formatMetric(unit, state.worst)
  }.`;
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}
