/** Which events a webhook is told. */
import { matchesEvent } from "@/lib/events/event_pattern.ts";
import { mayLeave } from "@/lib/events/event_view.ts";
import type { OutboxEvent } from "@/lib/kv/outbox.ts";
import { workspaceOf } from "@/lib/shared/spaces.ts";
import type { IndexedWebhook } from "./webhook_store.ts";

/** Kinds of jobs that deliver: a webhook that was told of them would be told without end. */
const OWN_KINDS = /^webhook\./;

/** Whether any webhook may be told of an event: of what most commits tell none is. */
export function isForWebhooks(event: OutboxEvent): boolean {
  return mayLeave(event) && !isOfDelivery(event);
}

/**
 * Whether a webhook is told of an event. A person's webhook is told what happens in that person's space,
 * a workspace's what happens anywhere in it; both are told when events were lost.
 */
export function isWantedBy(
  { id, space, events, isEnabled }: IndexedWebhook,
  happenedIn: string,
  event: OutboxEvent,
): boolean {
  if (!isEnabled || !isForWebhooks(event)) return false;
  const { type, subject } = event;
  if (type === "webhook.test") return subject === id;
  const workspace = workspaceOf(happenedIn);
  if (type === "events.lost") return workspaceOf(space) === workspace;
  if (space !== happenedIn && space !== workspace) return false;
  return matchesEvent(events, type);
}

/** Whether an event is about a job that tells webhooks of another one. */
export function isOfDelivery(
  { type, data }: Pick<OutboxEvent, "type" | "data">,
): boolean {
  return type.startsWith("job.") && typeof data.kind === "string" &&
    OWN_KINDS.test(data.kind);
}
