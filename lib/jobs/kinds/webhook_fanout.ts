/** Makes the deliveries of an event that more webhooks want than fit into one atomic. */
import * as z from "zod";
import { type JobKind, JobRefusal } from "@/lib/jobs/job_kind.ts";
import type { FanoutInput } from "@/lib/webhooks/deliveries.ts";
import type { WebhookFanout } from "@/lib/webhooks/webhook_fanout.ts";

const MINUTE_MS = 60_000;

export function webhookFanout(fanout: WebhookFanout): JobKind<FanoutInput> {
  return {
    kind: "webhook.fanout",
    input: z.strictObject({
      space: z.string(),
      event: z.string(),
      after: z.string(),
    }),
    describe: () => "Telling webhooks of an event",
    isPublic: false,
    priority: "interactive",
    maxAttempts: 10,
    deadlineMs: MINUTE_MS,
    perProcess: 4,
    perWorkspace: 2,
    async handle({ input, signal }) {
      const effects = await fanout.next(input, signal);
      if (effects === null) {
        throw new JobRefusal("The event is in the log no more.");
      }
      return { effects };
    },
  };
}
