/** `GET /api/users/:id/export`: what somebody has in the workspace, for its admins; the audit log tells. */
import { exportResponse } from "@/lib/http/export_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    return await exportResponse(ctx, ctx.params.user);
  },
}));
