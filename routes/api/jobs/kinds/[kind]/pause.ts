/** `POST /api/jobs/kinds/:kind/pause`: begins no more jobs of a kind in the workspace; what runs goes on. */
import { pauseKind } from "@/lib/http/admin_job_actions.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    await pauseKind(ctx.state, ctx.params.kind, true);
    return new Response(null, { status: 204 });
  },
}));
