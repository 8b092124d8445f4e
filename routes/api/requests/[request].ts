/** `GET /api/requests/:id`: one request that asked a model; its id is what `x-request-id` said. */
import { AppError } from "@/lib/errors.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const record = await ctx.state.services.requestLog.get(
      ctx.state.caller.workspace,
      ctx.params.request,
      ctx.req.signal,
    );
    if (record === null) {
      throw new AppError({
        status: 404,
        code: "not_found",
        message:
          "There is no record of this request. Only requests that ask a model have one, a moment after they have ended.",
      });
    }
    return ctx.json(record, { headers: { "cache-control": "no-store" } });
  },
}));
