/** Webhooks as the store keeps them, and their deliveries. */
import type { EventPlace } from "@/lib/events/event_view.ts";
import type {
  Webhook,
  WebhookAttempt,
  WebhookDelivery,
} from "@/lib/shared/wire.ts";

/** A secret with which requests to a webhook are signed. */
export interface WebhookSecret {
  /** Encrypted. */
  readonly sealed: string;
  /** It signs until then, milliseconds since 1970 UTC; null: until another takes its place. */
  readonly until: number | null;
}

/** Why a webhook is off: its owner wants it so, its receiver answered 410, or it failed for days. */
export type OffReason = "user" | "gone" | "failing";

export interface WebhookRecord {
  readonly v: 1;
  readonly id: string;
  /** Whose events it is told: a person's space, or the workspace's. */
  readonly space: string;
  readonly url: string;
  readonly description: string;
  /** Patterns of types; see `matchesEvent`. */
  readonly events: readonly string[];
  /** The newest first; with the first alone after a rotation has ended. */
  readonly secrets: readonly WebhookSecret[];
  /** Null: it is on. */
  readonly off: OffReason | null;
  /** `usr_` id of who made it. */
  readonly by: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly version: number;
  readonly token?: string;
}

/** What has to be known of a webhook to choose its events. */
export interface WebhookIndexRow {
  readonly v: 1;
  readonly space: string;
  readonly events: readonly string[];
  readonly isEnabled: boolean;
}

/** An event as the webhooks of a space are told it: it outlives the log. */
export interface MessageRecord {
  readonly v: 1;
  readonly event: EventPlace;
  readonly type: string;
  /** When it happened, milliseconds since 1970 UTC. */
  readonly at: number;
  readonly data: Readonly<Record<string, unknown>>;
  /** When it was put here, milliseconds since 1970 UTC. */
  readonly keptAt: number;
}

/** `waiting` for its first or next attempt, `sending`, or at its end. */
export type DeliveryState = "waiting" | "sending" | "delivered" | "failed";

export interface AttemptRecord {
  /** When it began, milliseconds since 1970 UTC. */
  readonly at: number;
  /** How long it took, in milliseconds; null: it is not over, or its process has died. */
  readonly ms: number | null;
  /** HTTP status; null: there was no answer. */
  readonly status: number | null;
  /** Why it failed, for people; null: it did not. */
  readonly error: string | null;
  /** The beginning of the answer. */
  readonly excerpt: string;
}

/** One event on its way to one webhook. */
export interface DeliveryRecord {
  readonly v: 1;
  readonly webhook: string;
  readonly event: EventPlace;
  readonly type: string;
  /** When the event happened, milliseconds since 1970 UTC. */
  readonly at: number;
  readonly state: DeliveryState;
  /** `job_` id of the job that delivers it. */
  readonly job: string;
  /** How often it was begun to be sent, over all its jobs. */
  readonly tries: number;
  /** The newest attempts. */
  readonly attempts: readonly AttemptRecord[];
  /** When the next attempt is due, milliseconds since 1970 UTC; null: there is none. */
  readonly nextAt: number | null;
  readonly keptAt: number;
  readonly token?: string;
}

/** Attempts that are kept of a delivery. */
export const MAX_ATTEMPTS_KEPT = 20;

/** `webhook-id` of an event: its id without full stops, which separate what is signed. */
export function messageId(
  { generation, versionstamp, index }: EventPlace,
): string {
  return `evt_${generation}_${versionstamp}_${index}`;
}

/** The place in a `webhook-id`; null for anything else. */
export function parseMessageId(text: string): EventPlace | null {
  const match = /^evt_([\w-]{1,64})_([0-9a-f]{20})_(\d{1,6})$/.exec(text);
  if (match === null) return null;
  const [, generation, versionstamp, index] = match;
  return { generation, versionstamp, index: Number(index) };
}

/**
 * @param isOfWorkspace whether it is told the workspace's events
 * @param failingSince milliseconds since 1970 UTC, or null
 */
export function toWebhook(
  record: WebhookRecord,
  isOfWorkspace: boolean,
  failingSince: number | null,
  nowMs: number,
): Webhook {
  const { id, url, description, events, off, secrets } = record;
  const old = secrets.find(({ until }) => until !== null && until > nowMs);
  return {
    id,
    scope: isOfWorkspace ? "workspace" : "own",
    url,
    description,
    events: [...events],
    enabled: off === null,
    disabledReason: off,
    failingSince: failingSince === null
      ? null
      : new Date(failingSince).toISOString(),
    oldSecretUntil: old === undefined
      ? null
      : new Date(old.until!).toISOString(),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    version: record.version,
  };
}

export function toDelivery(record: DeliveryRecord): WebhookDelivery {
  const { webhook, event, type, at, state, job, tries, nextAt } = record;
  return {
    id: messageId(event),
    webhookId: webhook,
    eventId: `${event.generation}.${event.versionstamp}.${event.index}`,
    type,
    at: new Date(at).toISOString(),
    state,
    jobId: job,
    tries,
    attempts: record.attempts.map(toAttempt),
    nextAttemptAt: nextAt === null ? null : new Date(nextAt).toISOString(),
  };
}

function toAttempt(
  { at, ms, status, error, excerpt }: AttemptRecord,
): WebhookAttempt {
  return {
    at: new Date(at).toISOString(),
    durationMs: ms,
    status,
    error,
    excerpt,
  };
}
