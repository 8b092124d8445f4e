/** Webhooks and their deliveries in words. */
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
  user: "It is switched off.",
  gone: "Its receiver answered 410: it wants nothing more.",
  failing: "Its receiver has accepted nothing for 5 days.",
} as const;
