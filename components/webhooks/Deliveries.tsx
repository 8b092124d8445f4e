import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { Moment } from "@/components/Moment.tsx";
import { formatPlural } from "@/lib/shared/format.ts";
import { DELIVERY_STATES, tookWords } from "@/lib/shared/webhook_words.ts";
import type { WebhookAttempt, WebhookDelivery } from "@/lib/shared/wire.ts";

export interface DeliveriesProps {
  deliveries: WebhookDelivery[];
  nowMs: number;
  /** Whether they may be sent again. */
  canResend: boolean;
}

/** Events on their way to a webhook, newest first; each opens to its attempts. */
export function Deliveries(
  { deliveries, nowMs, canResend }: DeliveriesProps,
): VNode {
  return (
    <ul class="jobs deliveries" aria-label="Deliveries">
      {deliveries.map((delivery) => (
        <Delivery
          key={delivery.id}
          of={delivery}
          nowMs={nowMs}
          canResend={canResend}
        />
      ))}
    </ul>
  );
}

function Delivery(
  { of: delivery, nowMs, canResend }: {
    of: WebhookDelivery;
    nowMs: number;
    canResend: boolean;
  },
): VNode {
  const { id, webhookId, type, at, state, attempts, tries } = delivery;
  const { words, icon, mood } = DELIVERY_STATES[state];
  const last = attempts.at(-1);
  const isOver = state === "delivered" || state === "failed";
  return (
    <li class="job">
      <div>
        <div class="job-name anywhere">{type}</div>
        <div class="job-sub">
          <Moment at={at} nowMs={nowMs} />
          {tries > 1 && `, ${formatPlural(tries, "attempt")}`}
        </div>
      </div>
      <div class="job-mid">
        <span class="status" data-state={mood}>
          {state === "sending"
            ? <span class="flow" aria-hidden="true" />
            : <Icon name={icon} />}
          {words}
        </span>
        <div class="job-sub job-reason">
          <Why delivery={delivery} last={last} nowMs={nowMs} />
        </div>
      </div>
      <div class="btn-row job-acts">
        {isOver && canResend && (
          <form method="post" action={`/webhooks/${webhookId}`}>
            <input type="hidden" name="action" value="resend" />
            <input type="hidden" name="delivery" value={id} />
            <button
              class="btn btn-small btn-quiet"
              type="submit"
              aria-label={`Send ${type} again`}
            >
              Send again
            </button>
          </form>
        )}
      </div>
      {attempts.length > 0 && (
        <details class="wide twin">
          <summary>
            {attempts.length === 1 ? "Attempt" : "Attempts"}
          </summary>
          <ol class="attempts">
            {attempts.map((attempt) => (
              <Attempt key={attempt.at} of={attempt} />
            ))}
          </ol>
          <p class="hint anywhere">webhook-id: {id}</p>
        </details>
      )}
    </li>
  );
}

function Why(
  { delivery: { nextAttemptAt, tries }, last, nowMs }: {
    delivery: WebhookDelivery;
    last: WebhookAttempt | undefined;
    nowMs: number;
  },
): VNode {
  if (nextAttemptAt !== null && tries > 0) {
    return (
      <>
        Attempt {tries + 1} <Moment at={nextAttemptAt} nowMs={nowMs} isAhead />.
        {" "}
        {last?.error}
      </>
    );
  }
  if (last === undefined) return <>Next in line</>;
  if (last.error !== null) return <>{last.error}</>;
  return last.durationMs === null
    ? <>The receiver has 15 s to answer</>
    : <>{last.status} after {tookWords(last.durationMs)}</>;
}

function Attempt(
  { of: { at, status, durationMs, error, excerpt } }: { of: WebhookAttempt },
): VNode {
  const time = new Date(at).toISOString().slice(11, 19);
  return (
    <li>
      <span>{status === null ? "No answer" : `Answer ${status}`}</span>
      <time class="num" datetime={at} title={at}>{time} UTC</time>
      <span class="why anywhere">
        {error ?? (durationMs === null ? "Under way." : "Accepted.")}
        {durationMs !== null && ` It took ${tookWords(durationMs)}.`}
        {excerpt !== "" && <span class="key-bounds mono">{excerpt}</span>}
      </span>
    </li>
  );
}
