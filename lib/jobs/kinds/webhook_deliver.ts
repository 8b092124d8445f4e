/** Delivers an event to a webhook; see `lib/webhooks/deliver.ts`. */
import * as z from "zod";
import type { JobKind } from "@/lib/jobs/job_kind.ts";
import type { Deliverer } from "@/lib/webhooks/deliver.ts";
import type { DeliverInput } from "@/lib/webhooks/deliveries.ts";
import { MAX_DELIVERY_ATTEMPTS } from "@/lib/webhooks/delivery_times.ts";

const MINUTE_MS = 60_000;

export function webhookDeliver(deliverer: Deliverer): JobKind<DeliverInput> {
  return {
    kind: "webhook.deliver",
    input: z.strictObject({
      webhook: z.string(),
      message: z.string(),
      type: z.string(),
    }),
    describe: ({ type }) => `Delivery of ${type}`,
    isPublic: false,
    priority: "normal",
    maxAttempts: MAX_DELIVERY_ATTEMPTS,
    deadlineMs: MINUTE_MS,
    perProcess: 24,
    perWorkspace: 16,
    handle: (context) => deliverer.deliver(context),
  };
}
