import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import type { Alert } from "@/lib/shared/wire.ts";
import { AlertCard } from "./AlertCard.tsx";

/** Everything that is not well, or that all is. */
export function AlertsNow(
  { alerts, watched, nowMs, hasOwners }: {
    alerts: readonly Alert[];
    /** How many rules are watched. */
    watched: number;
    nowMs: number;
    hasOwners: boolean;
  },
): VNode {
  const firing = alerts.filter(({ state, silencedUntil }) =>
    state === "firing" && silencedUntil === null
  );
  const pending = alerts.filter(({ state, silencedUntil }) =>
    state === "pending" && silencedUntil === null
  );
  const silenced = alerts.filter(({ silencedUntil }) => silencedUntil !== null);
  const list = (title: string, items: readonly Alert[]) =>
    items.length > 0 && (
      <section aria-label={title}>
        <h2 class="alert-group">{title}</h2>
        <ul class="alert-list">
          {items.map((alert) => (
            <AlertCard
              key={`${alert.scope} ${alert.rule} ${alert.series}`}
              alert={alert}
              nowMs={nowMs}
              hasOwners={hasOwners}
            />
          ))}
        </ul>
      </section>
    );
  return (
    <>
      {firing.length === 0 && (
        <div class="callout" data-kind={watched === 0 ? "info" : "good"}>
          <Icon name={watched === 0 ? "pause" : "check"} />
          <p>
            <strong>
              {watched === 0 ? "Nothing is watched." : "Nothing fires."}
            </strong>{" "}
            {watched === 0
              ? "Every rule is switched off."
              : `${formatPlural(watched, "rule")} ${
                watched === 1 ? "is" : "are"
              } watched.`}
          </p>
        </div>
      )}
      {list("Firing", firing)}
      {list("About to fire", pending)}
      {list("Silenced", silenced)}
    </>
  );
}
