/** `POST /api/documents/:id/retry`: goes on where the work on a document has failed or was cancelled. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { documents }, space } = ctx.state;
    return ctx.json(await documents.retry(space, ctx.params.document), {
      status: 202,
    });
  },
}));
