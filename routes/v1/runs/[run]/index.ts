/** `GET /v1/runs/:id`: a run that a program has begun, with its text so far. */
import { toRunObject } from "@/lib/gateway/run_object.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { chat, gateway } } = ctx.state;
    const runId = ctx.params.run;
    const { record, text } = await gateway.run(
      await chat.spaceOfProgramRun(caller, runId),
      runId,
    );
    return ctx.json(toRunObject(record, text));
  },
}));
