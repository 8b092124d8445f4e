/**
 * `GET /v1/responses/:id`: a stored Response, or its events from a number on; `DELETE` removes it with all
 * that was asked and answered.
 */
import * as z from "zod";
import { followResponse } from "@/lib/gateway/responses/follow_response.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { methods } from "@/lib/http/methods.ts";
import { readQuery } from "@/lib/gateway/responses/query.ts";
import { define } from "@/utils.ts";

const querySchema = z.object({
  stream: z.enum(["true", "false"]).default("false"),
  starting_after: z.coerce.number().int().min(0).optional(),
});

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { gateway, responses } = ctx.state.services;
    const { space } = ctx.state;
    const { response: id } = ctx.params;
    const query = readQuery(ctx.url, querySchema);
    if (query.stream === "false") {
      return ctx.json(await responses.retrieve(space, id, ctx.req.signal));
    }
    return followResponse({
      gateway,
      space,
      found: await responses.find(space, id),
      startingAfter: query.starting_after ?? null,
      lastEventId: ctx.req.headers.get("last-event-id"),
      signal: accessSignal(ctx),
    });
  },
  async DELETE(ctx) {
    const { response: id } = ctx.params;
    await ctx.state.services.responses.delete(ctx.state.space, id);
    return ctx.json({ id, object: "response", deleted: true });
  },
}));
