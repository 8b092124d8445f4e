/** `GET /api/me/export`: what the caller has in the workspace, as an archive. */
import { exportResponse } from "@/lib/http/export_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    return await exportResponse(ctx, ctx.state.caller.user);
  },
}));
