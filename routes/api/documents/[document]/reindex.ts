/** `POST /api/documents/:id/reindex`: reads a document again from its beginning. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { documents }, space } = ctx.state;
    return ctx.json(await documents.reindex(space, ctx.params.document), {
      status: 202,
    });
  },
}));
