/** `POST /api/stream`: one question, one stream; without a thread it makes one. */
import { streamSchema } from "@/lib/chat/run_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { startContext } from "@/lib/http/run_response.ts";
import { sseResponse } from "@/lib/streams/sse.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    const { workspace } = ctx.state;
    const input = await readJson(ctx.req, streamSchema);
    const { run } = await chat.stream(
      workspace,
      input,
      startContext(ctx.req, ctx.state),
    );
    return sseResponse(
      (signal) => chat.follow(workspace, run.id, null, signal),
      ctx.req.signal,
      { headers: { location: `/api/runs/${run.id}` } },
    );
  },
}));
