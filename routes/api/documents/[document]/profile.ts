/** `GET /api/documents/:id/profile`: what is known of its content; `null` before it was looked at. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { documents }, space } = ctx.state;
    return ctx.json(
      await documents.profile(space, ctx.params.document, ctx.req.signal),
    );
  },
}));
