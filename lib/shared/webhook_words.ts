/** Webhooks and their deliveries in words. */
import { formatDuration } from "./format.ts";
import type { WebhookDelivery } from "./wire.ts";

/** What the state of a delivery is called, and the icon and meaning it has. */
export const DELIVERY_STATES: Readonly<
  Record<
    WebhookDelivery["state"],
    { words: string; icon: "check" | "clock" | "send" | "alert"; mood?: string }
  >
> = {
  waiting: { words: "Waiting", icon: "clock" },
  sending: { words: "Sending", icon: "send" },
  delivered: { words: "Delivered", icon: "check", mood: "good" },
  failed: { words: "Not accepted", icon: "alert", mood: "bad" },
};

/** Host of an address, which is enough to tell webhooks apart at a glance. */
export function webhookHost(url: string): string {
  return URL.parse(url)?.host ?? url;
}

/** What an admin or owner is told of a webhook that is off. */
export const OFF_WORDS = {
  user: "Switched off",
  gone: "Switched off: its receiver wants nothing more (410)",
  failing: "Switched off: its receiver accepted nothing for 5 days",
} as const;

/** How long a request took; most take less than a second. */
export function tookWords(milliseconds: number): string {
  return milliseconds < 1_000
    ? `${Math.round(milliseconds)} ms`
    : formatDuration(milliseconds);
}
