/** `POST /api/documents/:id/cancel`: ends the work on a document; what there is of it stays. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { documents }, space } = ctx.state;
    return ctx.json(await documents.cancel(space, ctx.params.document));
  },
}));
