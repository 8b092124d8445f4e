/** `POST /api/runs/:id/cancel`: stops a run; asking again changes nothing. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    const space = await chat.spaceOfRun(ctx.state.caller, ctx.params.run);
    await readJson(ctx.req, nothingSchema, {
      optional: true,
    });
    return ctx.json(await chat.cancelRun(space, ctx.params.run));
  },
}));
