/** `POST /api/jobs/kinds/:kind/resume`: lets a kind go on that was paused. */
import { pauseKind } from "@/lib/http/admin_job_actions.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    await pauseKind(ctx.state, ctx.params.kind, false);
    return new Response(null, { status: 204 });
  },
}));
