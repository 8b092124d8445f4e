/**
 * `POST /api/stream`: one question, one stream; without a thread it makes one. Who prefers not to wait
 * gets the run, as `runResponse` tells it.
 */
import { streamSchema } from "@/lib/chat/run_input.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPrefer } from "@/lib/http/prefer.ts";
import { runResponse, startContext } from "@/lib/http/run_response.ts";
import { sseResponse } from "@/lib/streams/sse.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    const { space } = ctx.state;
    const input = await readJson(ctx.req, streamSchema);
    const started = await chat.stream(
      space,
      input,
      startContext(ctx.req, ctx.state),
    );
    const { isAsync, waitMs } = readPrefer(ctx.req);
    if (isAsync || waitMs !== null) {
      return await runResponse(ctx, started);
    }
    const { id } = started.run;
    return sseResponse(
      (signal) => chat.follow(space, id, null, signal),
      accessSignal(ctx),
      { headers: { location: `/api/runs/${id}` } },
    );
  },
}));
