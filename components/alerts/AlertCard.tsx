import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import type { Alert, AlertSeverity } from "@/lib/shared/wire.ts";

const KINDS: Readonly<Record<AlertSeverity, string>> = {
  critical: "bad",
  warning: "warn",
  info: "info",
};

/** How bad it is, in a word, as it begins a headline. */
const WORDS: Readonly<Record<AlertSeverity, string>> = {
  critical: "Act now",
  warning: "Warning",
  info: "For your information",
};

/** How long a silence is, in minutes, and what its button says. */
const SILENCES: readonly [number, string][] = [
  [60, "Silence for an hour"],
  [24 * 60, "Silence for a day"],
];

/** One thing that is not well: what, since when, what to do, and quiet about it for a while. */
export function AlertCard(
  { alert, nowMs, hasOwners }: {
    alert: Alert;
    nowMs: number;
    /** Whether alerts of the server and of the workspace are both shown. */
    hasOwners: boolean;
  },
): VNode {
  const { state, severity, title, text, next, href, silencedUntil } = alert;
  const isQuiet = state === "pending" || silencedUntil !== null;
  return (
    <li
      class="callout alert-card"
      data-kind={isQuiet ? "quiet" : KINDS[severity]}
      id={alert.incident ?? undefined}
    >
      <Icon name={silencedUntil !== null ? "pause" : "alert"} />
      <div class="alert-body">
        <h3>
          <span class="alert-word">{WORDS[severity]}:</span> {title}
        </h3>
        <p>{text}</p>
        <p>
          <strong>What to do:</strong> {next}
        </p>
        <AlertSince alert={alert} nowMs={nowMs} hasOwners={hasOwners} />
      </div>
      <div class="btn-row">
        <a class="btn btn-small" href={href}>
          Show more
          <span class="sr">about: {title}</span>
        </a>
        {silencedUntil === null
          ? SILENCES.map(([minutes, words]) => (
            <SilenceButton
              key={minutes}
              alert={alert}
              minutes={minutes}
              words={words}
            />
          ))
          : (
            <SilenceButton
              alert={alert}
              minutes={null}
              words="End the silence"
            />
          )}
        <a
          class="btn btn-small btn-quiet"
          href={`/admin/alerts?edit=${alert.scope}:${alert.rule}#rule-form`}
        >
          Change the rule
          <span class="sr">of: {title}</span>
        </a>
      </div>
    </li>
  );
}

function AlertSince(
  { alert, nowMs, hasOwners }: {
    alert: Alert;
    nowMs: number;
    hasOwners: boolean;
  },
): VNode {
  const { state, scope, since, firedAt, silencedUntil } = alert;
  return (
    <p class="alert-facts faint">
      {hasOwners && (
        <span>{scope === "server" ? "Server" : "This workspace"}</span>
      )}
      <span>
        Bad since <Moment at={since} nowMs={nowMs} />
      </span>
      {state === "pending"
        ? <span>not for long enough yet to fire</span>
        : (
          <span>
            fired <Moment at={firedAt} nowMs={nowMs} />
          </span>
        )}
      {silencedUntil !== null && (
        <span>
          silenced, ends <Moment at={silencedUntil} nowMs={nowMs} isAhead />
        </span>
      )}
    </p>
  );
}

function SilenceButton(
  { alert: { scope, rule, series, title }, minutes, words }: {
    alert: Alert;
    /** Null: ends it. */
    minutes: number | null;
    words: string;
  },
): VNode {
  return (
    <form method="post" action="/admin/alerts">
      <input type="hidden" name="action" value="silence" />
      <input type="hidden" name="scope" value={scope} />
      <input type="hidden" name="rule" value={rule} />
      <input type="hidden" name="series" value={series} />
      <input type="hidden" name="minutes" value={minutes ?? 0} />
      <button class="btn btn-small" type="submit">
        {words}
        <span class="sr">: {title}</span>
      </button>
    </form>
  );
}
