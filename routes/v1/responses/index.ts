/** `POST /v1/responses`: a Response as OpenAI has it, as a run. */
import { headersOf } from "@/lib/gateway/chat/answer.ts";
import { answerResponse } from "@/lib/gateway/responses/answer.ts";
import { responseRequestSchema } from "@/lib/gateway/responses/input.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { readJson } from "@/lib/http/body.ts";
import { gatewayContext } from "@/lib/http/gateway_context.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPrefer } from "@/lib/http/prefer.ts";
import { toAppError } from "@/lib/http/problem.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { gateway, responses } = ctx.state.services;
    const { space } = ctx.state;
    const request = await readJson(ctx.req, responseRequestSchema);
    const context = gatewayContext(ctx.req, ctx.state);
    const run = await responses.start(request, context);
    try {
      return await answerResponse(
        {
          gateway,
          space,
          run,
          signal: accessSignal(ctx),
          completed: ctx.info.completed,
        },
        request,
        readPrefer(ctx.req),
      );
    } catch (thrown) {
      const error = toAppError(thrown);
      Object.assign(error.headers, headersOf(run));
      throw error;
    }
  },
}));
