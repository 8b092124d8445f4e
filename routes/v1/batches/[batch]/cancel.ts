/** `POST /v1/batches/:id/cancel`: no further request of the batch is asked. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { batches }, space } = ctx.state;
    return ctx.json(await batches.cancel(space, ctx.params.batch));
  },
}));
