/** `POST /v1/responses/:id/cancel`: stops a Response; asking again changes nothing. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    await readJson(ctx.req, nothingSchema, { optional: true });
    const { responses } = ctx.state.services;
    return ctx.json(
      await responses.cancel(
        ctx.state.space,
        ctx.params.response,
        ctx.req.signal,
      ),
    );
  },
}));
