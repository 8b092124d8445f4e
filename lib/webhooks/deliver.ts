/**
 * Delivers one event to one webhook. What is done outside the store is done at least once: the attempt is
 * written down before the receiver hears of it, and every attempt has the same `webhook-id`.
 */
import {
  type JobContext,
  JobDelay,
  type JobOutcome,
  JobRefusal,
} from "@/lib/jobs/job_kind.ts";
import type { Sealer } from "@/lib/secrets/secrets.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import type { DeliverInput } from "./deliveries.ts";
import type { DeliveryStore, LoadedDelivery } from "./delivery_store.ts";
import {
  delayAfter,
  FAILING_TOO_LONG_MS,
  MAX_DELIVERY_ATTEMPTS,
} from "./delivery_times.ts";
import type { ReceiverPlaces } from "./receiver_places.ts";
import {
  type SendOutcome,
  type SendRules,
  sendWebhook,
} from "./send_webhook.ts";
import {
  type AttemptRecord,
  MAX_ATTEMPTS_KEPT,
  parseMessageId,
  type WebhookRecord,
} from "./webhook_record.ts";
import { signedHeaders } from "./webhook_secret.ts";
import type { WebhookStore } from "./webhook_store.ts";
import type { WebhookSwitch } from "./webhook_switch.ts";

export interface DelivererParts {
  webhooks: WebhookStore;
  deliveries: DeliveryStore;
  places: ReceiverPlaces;
  sealer: Sealer;
  rules: SendRules;
  /** Whether a person still belongs to a workspace. */
  isMember: (user: string, workspace: string) => Promise<boolean>;
  webhookSwitch: WebhookSwitch;
  random?: () => number;
}

type Context = JobContext<DeliverInput>;

/** Statuses that say that the receiver, or what stands before it, has too much to do. */
const ASKS_FOR_LESS: readonly number[] = [429, 502, 503, 504];

/** How long a receiver is left alone that does not say how long, in milliseconds. */
const PAUSE_MS = 5_000;

/** What a job comes to that has nothing to do any more. */
const nothingToDo = (text: string): JobOutcome => ({ result: { text } });

export class Deliverer {
  readonly #parts: DelivererParts;

  constructor(parts: DelivererParts) {
    this.#parts = parts;
  }

  async deliver(context: Context): Promise<JobOutcome> {
    const { space, input } = context;
    const { webhooks, deliveries, places } = this.#parts;
    const event = parseMessageId(input.message);
    const [webhook, delivery] = await Promise.all([
      webhooks.load(space, input.webhook),
      event === null ? null : deliveries.load(space, input.webhook, event),
    ]);
    if (webhook === null || delivery === null) {
      return nothingToDo("The webhook is not there any more.");
    }
    if (webhook.record.off !== null || !await this.#isWanted(space)) {
      return {
        ...nothingToDo("The webhook is switched off."),
        effects: deliveries.change(
          delivery,
          ended(delivery, "The webhook was switched off."),
        ),
      };
    }
    const isTest = input.type === "webhook.test";
    const place = places.take(input.webhook, isTest);
    if (typeof place === "number") {
      throw new JobDelay("The receiver is busy", place, false);
    }
    try {
      return await this.#attempt(context, webhook.record, delivery);
    } catch (error) {
      if (error instanceof NotSendable) {
        await deliveries.write(delivery, ended(delivery, error.message));
        throw new JobRefusal(error.message);
      }
      throw error;
    } finally {
      place();
    }
  }

  async #isWanted(space: string): Promise<boolean> {
    const user = userOf(space);
    return user === null ||
      await this.#parts.isMember(user, workspaceOf(space));
  }

  async #attempt(
    context: Context,
    webhook: WebhookRecord,
    delivery: LoadedDelivery,
  ): Promise<JobOutcome> {
    const { deliveries, rules } = this.#parts;
    const { input, signal } = context;
    const request = await this.#request(webhook, delivery, input.message);
    const at = deliveries.clock.now();
    // The intent: what is found in this state later was perhaps sent.
    const begun = await deliveries.write(
      delivery,
      withAttempt(delivery, { at, ms: null, ...NOT_ANSWERED }, {
        state: "sending",
        tries: delivery.record.tries + 1,
        nextAt: null,
      }),
    );
    if (begun === null) {
      throw new JobDelay("It has changed meanwhile", 0, false);
    }
    const fromMs = deliveries.clock.monotonic();
    const outcome = await sendWebhook({ ...request, signal }, rules);
    const ms = Math.round(deliveries.clock.monotonic() - fromMs);
    const { isAccepted: _, retryAfterMs: __, ...answer } = outcome;
    const attempt: AttemptRecord = { at, ms, ...answer };
    return outcome.isAccepted
      ? await this.#accepted(context, begun, attempt)
      : await this.#refused(context, webhook, begun, attempt, outcome);
  }

  async #request(
    { url, secrets }: WebhookRecord,
    { record, space }: LoadedDelivery,
    message: string,
  ) {
    const { deliveries, sealer } = this.#parts;
    const told = await deliveries.message(space, record.event);
    if (told === null) {
      throw new NotSendable("The event is kept no longer.");
    }
    const nowMs = deliveries.clock.now();
    const opened = await Promise.all(
      secrets.filter(({ until }) => until === null || until > nowMs)
        .map(({ sealed }) => sealer.open(sealed)),
    );
    const readable = opened.filter((secret) => secret !== null);
    if (readable.length === 0) {
      throw new NotSendable(
        "The secret of the webhook cannot be read: FRESHET_SECRET is another one now. Give the webhook a new secret.",
      );
    }
    const body = JSON.stringify({
      type: told.type,
      timestamp: new Date(told.at).toISOString(),
      data: told.data,
    });
    const headers = signedHeaders(message, body, readable, nowMs);
    return { url, body, headers };
  }

  async #accepted(
    { space, input }: Context,
    begun: LoadedDelivery,
    attempt: AttemptRecord,
  ): Promise<JobOutcome> {
    const { webhooks, deliveries, places } = this.#parts;
    places.resume(input.webhook);
    await webhooks.noteHealth(space, input.webhook, true);
    return {
      result: {
        text: `The receiver answered ${attempt.status} after ${attempt.ms} ms.`,
        href: `/webhooks/${input.webhook}`,
      },
      effects: deliveries.change(
        begun,
        withLastAttempt(begun, attempt, { state: "delivered" }),
      ),
    };
  }

  /** Writes down why, and throws what the queue has to know. */
  async #refused(
    { space, input, attempt: number, log }: Context,
    webhook: WebhookRecord,
    begun: LoadedDelivery,
    attempt: AttemptRecord,
    { status, retryAfterMs }: SendOutcome,
  ): Promise<never> {
    const { webhooks, deliveries, places, webhookSwitch, random } = this.#parts;
    if (status !== null && ASKS_FOR_LESS.includes(status)) {
      places.pause(input.webhook, retryAfterMs ?? PAUSE_MS);
    }
    const error = attempt.error ?? "";
    const isTest = input.type === "webhook.test";
    const failingSince = isTest
      ? null
      : await webhooks.noteHealth(space, input.webhook, false);
    const nowMs = deliveries.clock.now();
    const isGone = status === 410;
    const isFailing = failingSince !== null &&
      nowMs - failingSince > FAILING_TOO_LONG_MS;
    const isLast = isTest || isGone || isFailing ||
      number >= MAX_DELIVERY_ATTEMPTS;
    const afterMs = delayAfter(number, retryAfterMs, random);
    await deliveries.write(
      begun,
      withLastAttempt(begun, attempt, {
        state: isLast ? "failed" : "waiting",
        nextAt: isLast ? null : nowMs + afterMs,
      }),
    );
    if (isGone || isFailing) {
      await webhookSwitch.off(webhook, isGone ? "gone" : "failing");
    }
    log.info("Webhook was not accepted", { webhook: webhook.id, status });
    if (isLast) throw new JobRefusal(error);
    throw new JobDelay(error, afterMs, true);
  }
}

/** There is nothing to send, or nothing to sign it with. */
class NotSendable extends Error {
  override readonly name = "NotSendable";
}

const NOT_ANSWERED = { status: null, error: null, excerpt: "" } as const;

function withAttempt(
  { record }: LoadedDelivery,
  attempt: AttemptRecord,
  change: Partial<LoadedDelivery["record"]>,
): LoadedDelivery["record"] {
  const attempts = [...record.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT);
  return { ...record, ...change, attempts };
}

/** The attempt that was begun has ended so. */
function withLastAttempt(
  { record }: LoadedDelivery,
  attempt: AttemptRecord,
  change: Partial<LoadedDelivery["record"]>,
): LoadedDelivery["record"] {
  const attempts = [...record.attempts.slice(0, -1), attempt];
  return { ...record, ...change, attempts };
}

function ended(
  { record }: LoadedDelivery,
  error: string,
): LoadedDelivery["record"] {
  const attempt = { at: record.at, ms: 0, status: null, error, excerpt: "" };
  return {
    ...record,
    state: "failed",
    nextAt: null,
    attempts: [...record.attempts, attempt].slice(-MAX_ATTEMPTS_KEPT),
  };
}
