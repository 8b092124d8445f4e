/** `GET /v1/batches/:id`: a batch as it is now. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services: { batches }, space } = ctx.state;
    return ctx.json(await batches.get(space, ctx.params.batch));
  },
}));
