/** `POST /v1/batches`: a batch of requests out of a file; `GET` lists what there is. */
import {
  batchListSchema,
  createBatchSchema,
} from "@/lib/gateway/batches/batch_input.ts";
import { readQuery } from "@/lib/gateway/responses/query.ts";
import { readJson } from "@/lib/http/body.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { batches } = ctx.state.services;
    const query = readQuery(ctx.url, batchListSchema);
    return ctx.json(
      await batches.list(ctx.state.space, query, ctx.req.signal),
    );
  },
  async POST(ctx) {
    const { caller, services: { batches }, space } = ctx.state;
    const idempotencyKey = readIdempotencyKey(ctx.req);
    const input = await readJson(ctx.req, createBatchSchema);
    return ctx.json(
      await batches.create(space, caller, input, idempotencyKey),
    );
  },
}));
