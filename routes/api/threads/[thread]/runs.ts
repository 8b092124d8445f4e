/** `POST /api/threads/:id/runs`: asks; see `runResponse` for the forms of the answer. */
import { newRunSchema } from "@/lib/chat/run_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { runResponse, startContext } from "@/lib/http/run_response.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { chat } = ctx.state.services;
    const input = await readJson(ctx.req, newRunSchema);
    const started = await chat.startRun(
      ctx.state.space,
      ctx.params.thread,
      input,
      startContext(ctx.req, ctx.state),
    );
    return await runResponse(ctx, started);
  },
}));
