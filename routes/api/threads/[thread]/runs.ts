/** `POST /api/threads/:id/runs`: asks, and answers with the run or, when asked so, with its stream. */
import { newRunSchema } from "@/lib/chat/run_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { sseResponse } from "@/lib/streams/sse.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    const { workspace } = ctx.state;
    const input = await readJson(ctx.req, newRunSchema);
    const { run, message } = await chat.startRun(
      workspace,
      ctx.params.thread,
      input,
      ctx.state.log,
    );
    const headers = { location: `/api/runs/${run.id}` };
    if (ctx.req.headers.get("accept")?.includes("text/event-stream")) {
      return sseResponse(
        (signal) => chat.follow(workspace, run.id, null, signal),
        ctx.req.signal,
        { headers },
      );
    }
    return ctx.json({ run, message }, { status: 201, headers });
  },
}));
