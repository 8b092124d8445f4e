/** `POST /v1/runs/:id/cancel`: stops a run; asking again changes nothing. */
import * as z from "zod";
import { toRunObject } from "@/lib/gateway/run_object.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services: { chat, gateway } } = ctx.state;
    const runId = ctx.params.run;
    await readJson(ctx.req, nothingSchema, { optional: true });
    const { record, text } = await gateway.cancel(
      await chat.spaceOfProgramRun(caller, runId),
      runId,
    );
    return ctx.json(toRunObject(record, text));
  },
}));
