/** `GET /v1/runs/:id/events`: the chunks of a run, from `Last-Event-ID` on where one is given. */
import { followAgain } from "@/lib/gateway/chat/follow_again.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { methods } from "@/lib/http/methods.ts";
import { parsePosition } from "@/lib/streams/position.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const after = parsePosition(ctx.req.headers.get("last-event-id"));
    const { caller, services: { chat, gateway } } = ctx.state;
    const runId = ctx.params.run;
    return await followAgain({
      gateway,
      space: await chat.spaceOfProgramRun(caller, runId),
      runId,
      after,
      signal: accessSignal(ctx),
    });
  },
}));
