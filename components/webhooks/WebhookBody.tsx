import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import WebhookDeliveries from "@/islands/WebhookDeliveries.tsx";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { OFF_WORDS, webhookHost } from "@/lib/shared/webhook_words.ts";
import type { Page, Webhook, WebhookDelivery } from "@/lib/shared/wire.ts";
import { SecretReady } from "./SecretReady.tsx";
import { WebhookFields } from "./WebhookFields.tsx";

export interface WebhookBodyProps {
  webhook: Webhook;
  deliveries: Page<WebhookDelivery>;
  /** Where this page of deliveries begins; null: with the newest. */
  cursor: string | null;
  /** Deliveries on a page. */
  limit: number;
  readsOnly: boolean;
  /** A new secret, shown this once. */
  secret: string | null;
  /** The form that was refused. */
  refused: FormState | null;
  /** What was just done, in words. */
  done: string;
  nowMs: number;
}

/** One webhook: its state, what it was sent, its settings, its secret, its end. */
export function WebhookBody(props: WebhookBodyProps): VNode {
  const { webhook, readsOnly, secret, refused, done, nowMs } = props;
  const { id, url, description } = webhook;
  const trouble = refused?.errors[""];
  return (
    <div class="page">
      <div class="page-head">
        <div>
          <h1 class="anywhere">{webhookHost(url)}</h1>
          {description !== "" && <p class="lede">{description}</p>}
        </div>
        {!readsOnly && webhook.enabled && (
          <div class="btn-row">
            <Act id={id} action="off" words="Switch off" />
            <Act id={id} action="test" words="Send test" />
          </div>
        )}
      </div>
      {secret !== null && <SecretReady secret={secret} />}
      <p class="hint" role="status">{done}</p>
      {!webhook.enabled && (
        <OffCallout webhook={webhook} readsOnly={readsOnly} />
      )}
      {trouble !== undefined && (
        <p class="field-error" role="alert">{trouble}</p>
      )}
      <section class="section" aria-labelledby="deliveries-title">
        <div class="section-head">
          <h2 id="deliveries-title">Deliveries</h2>
          {!readsOnly && webhook.enabled && (
            <div class="push">
              <Replay id={id} />
            </div>
          )}
        </div>
        <DeliveryPage {...props} />
      </section>
      {!readsOnly && (
        <>
          <section class="section" aria-labelledby="webhook-title">
            <div class="section-head">
              <h2 id="webhook-title">Settings</h2>
            </div>
            <form
              class="stack project-form"
              method="post"
              action={`/webhooks/${id}`}
            >
              <input type="hidden" name="action" value="save" />
              <input type="hidden" name="version" value={webhook.version} />
              <FormTrouble
                message={refused !== null && trouble === undefined
                  ? "This cannot be saved."
                  : undefined}
              />
              <WebhookFields
                id="webhook"
                webhook={webhook}
                form={refused ?? EMPTY_FORM}
              />
              <div class="btn-row">
                <button class="btn btn-primary" type="submit">Save</button>
              </div>
            </form>
          </section>
          <section class="section" aria-labelledby="secret-title">
            <div class="section-head">
              <h2 id="secret-title">Secret and end</h2>
            </div>
            <Secret webhook={webhook} nowMs={nowMs} />
          </section>
        </>
      )}
    </div>
  );
}

function OffCallout(
  { webhook: { id, disabledReason }, readsOnly }: {
    webhook: Webhook;
    readsOnly: boolean;
  },
): VNode {
  const isOwn = disabledReason === "user";
  return (
    <div class="callout" data-kind={isOwn ? "info" : "bad"}>
      <Icon name={isOwn ? "pause" : "alert"} />
      <p>
        <strong>{OFF_WORDS[disabledReason ?? "user"]}.</strong>{" "}
        Nothing is sent. What happens meanwhile can be sent once it is on again.
      </p>
      {!readsOnly && (
        <div class="btn-row">
          <Act id={id} action="on" words="Switch on" />
        </div>
      )}
    </div>
  );
}

function Act(
  { id, action, words }: { id: string; action: string; words: string },
): VNode {
  return (
    <form method="post" action={`/webhooks/${id}`}>
      <button class="btn" type="submit" name="action" value={action}>
        {words}
      </button>
    </form>
  );
}

const REPLAYS = [
  ["1", "Last hour"],
  ["24", "Last day"],
  ["168", "Last 7 days"],
  ["all", "All that is kept"],
] as const;

/** Sends events again that have happened already. */
function Replay({ id }: { id: string }): VNode {
  return (
    <form
      class="btn-row webhook-replay"
      method="post"
      action={`/webhooks/${id}`}
    >
      <select
        class="select"
        name="hours"
        aria-label="Events to send again"
      >
        {REPLAYS.map(([hours, words]) => (
          <option key={hours} value={hours}>{words}</option>
        ))}
      </select>
      <button
        class="btn btn-small"
        type="submit"
        name="action"
        value="replay"
      >
        Send events again
      </button>
    </form>
  );
}

function DeliveryPage(
  { webhook, deliveries, cursor, limit, readsOnly, nowMs }: WebhookBodyProps,
): VNode {
  const query = new URLSearchParams({
    limit: String(limit),
    ...cursor === null ? {} : { cursor },
  });
  return (
    <>
      <WebhookDeliveries
        webhook={webhook.id}
        deliveries={deliveries.items}
        nowMs={nowMs}
        canResend={!readsOnly && webhook.enabled}
        isOn={webhook.enabled}
        channel={webhook.scope === "own" ? "jobs" : "admin:jobs"}
        query={query.toString()}
      />
      {(deliveries.nextCursor !== null || cursor !== null) && (
        <nav class="pager" aria-label="Pages of deliveries">
          {cursor !== null && (
            <a class="btn btn-small" href={`/webhooks/${webhook.id}`}>Newest</a>
          )}
          {deliveries.nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`?cursor=${deliveries.nextCursor}`}
            >
              Older deliveries
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function Secret(
  { webhook: { id, oldSecretUntil }, nowMs }: {
    webhook: Webhook;
    nowMs: number;
  },
): VNode {
  const action = `/webhooks/${id}`;
  return (
    <>
      {oldSecretUntil !== null && (
        <p class="hint">
          The old secret ends{" "}
          <Moment at={oldSecretUntil} nowMs={nowMs} isAhead />.
        </p>
      )}
      <div class="btn-row webhook-ends">
        <Confirm
          label="New secret"
          what="Requests are signed with the new secret at once, and for 24 hours with the old one too, so that the receiver can be changed in peace."
        >
          <form method="post" action={action}>
            <button
              class="btn btn-danger"
              type="submit"
              name="action"
              value="secret"
            >
              Make new secret
            </button>
          </form>
        </Confirm>
        <Confirm
          label="Delete webhook"
          what="Nothing is sent any more, and the log of deliveries goes. The events themselves stay."
        >
          <form method="post" action={action}>
            <button
              class="btn btn-danger"
              type="submit"
              name="action"
              value="delete"
            >
              Delete webhook
            </button>
          </form>
        </Confirm>
      </div>
    </>
  );
}
