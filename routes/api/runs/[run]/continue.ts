/** `POST /api/runs/:id/continue`: has the rest of a broken-off answer written. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { runResponse, startContext } from "@/lib/http/run_response.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    const space = await chat.spaceOfRun(ctx.state.caller, ctx.params.run);
    await readJson(ctx.req, nothingSchema, { optional: true });
    const started = await chat.continueRun(
      space,
      ctx.params.run,
      startContext(ctx.req, ctx.state),
    );
    return await runResponse(ctx, started);
  },
}));
