/** Tells a webhook events again, part by part: each part enqueues the next one with its deliveries. */
import * as z from "zod";
import type { JobKind } from "@/lib/jobs/job_kind.ts";
import type { ReplayInput } from "@/lib/webhooks/deliveries.ts";
import type { WebhookReplay } from "@/lib/webhooks/webhook_replay.ts";

const MINUTE_MS = 60_000;

export function webhookReplay(replay: WebhookReplay): JobKind<ReplayInput> {
  return {
    kind: "webhook.replay",
    input: z.strictObject({
      webhook: z.string(),
      from: z.string(),
      until: z.number(),
      most: z.int(),
    }),
    describe: () => "Telling a webhook events again",
    isPublic: false,
    priority: "bulk",
    maxAttempts: 10,
    deadlineMs: MINUTE_MS,
    perProcess: 2,
    perWorkspace: 1,
    async handle({ space, input, signal }) {
      const { count, isOver, effects } = await replay.next(
        space,
        input,
        signal,
      );
      return {
        result: {
          text: `${count} ${
            count === 1 ? "event is" : "events are"
          } sent again${isOver ? "." : "; more follow."}`,
        },
        effects,
      };
    },
  };
}
