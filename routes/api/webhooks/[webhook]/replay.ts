/** `POST /api/webhooks/:id/replay {"from","only"?}`: events of the log again; 202 with the job of it. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { replaySchema } from "@/lib/webhooks/webhook_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services, caller } = ctx.state;
    const input = await readJson(ctx.req, replaySchema);
    const job = await services.webhooks.replay(
      caller,
      ctx.params.webhook,
      input,
    );
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}`, "cache-control": "no-store" },
    });
  },
}));
