import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { OFF_WORDS, webhookHost } from "@/lib/shared/webhook_words.ts";
import type { Webhook } from "@/lib/shared/wire.ts";

/** Webhooks, each with what it is told and whether it is on. */
export function WebhookTable(
  { webhooks, label }: { webhooks: Webhook[]; label: string },
): VNode {
  return (
    <div class="table-wrap mt-4" tabIndex={0} role="region" aria-label={label}>
      <table class="table table-stack webhooks">
        <thead>
          <tr>
            <th scope="col">Receiver</th>
            <th scope="col">Events</th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {webhooks.map((webhook) => <Row key={webhook.id} of={webhook} />)}
        </tbody>
      </table>
    </div>
  );
}

function Row({ of: webhook }: { of: Webhook }): VNode {
  const { id, url, description, events } = webhook;
  return (
    <tr>
      <th scope="row" class="anywhere">
        <a href={`/webhooks/${id}`}>{webhookHost(url)}</a>
        {description !== "" && <span class="key-bounds">{description}</span>}
      </th>
      <td data-label="Events" class="anywhere">
        {events.includes("*") ? "All" : events.join(", ")}
      </td>
      <td data-label="State">
        <State of={webhook} />
      </td>
    </tr>
  );
}

function State(
  { of: { enabled, disabledReason, failingSince } }: { of: Webhook },
): VNode {
  if (!enabled) {
    const isWanted = disabledReason === "user";
    return (
      <span class="status" data-state={isWanted ? undefined : "bad"}>
        <Icon name={isWanted ? "pause" : "alert"} />
        {OFF_WORDS[disabledReason ?? "user"]}
      </span>
    );
  }
  const isFailing = failingSince !== null;
  return (
    <span class="status" data-state={isFailing ? "warn" : "good"}>
      <Icon name={isFailing ? "alert" : "check"} />
      {isFailing ? "Fails" : "On"}
    </span>
  );
}
