/** `POST /v1/chat/completions`: a chat completion as OpenAI has it, as a run. */
import {
  answerWhole,
  type Asked,
  headersOf,
  later,
  streamAnswer,
} from "@/lib/gateway/chat/answer.ts";
import {
  chatCompletionSchema,
  checkChatCompletion,
  MAX_CHAT_VALUES,
} from "@/lib/gateway/chat/input.ts";
import { staysFailed } from "@/lib/gateway/run_failure.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { readJson } from "@/lib/http/body.ts";
import { gatewayContext } from "@/lib/http/gateway_context.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPrefer } from "@/lib/http/prefer.ts";
import { toAppError } from "@/lib/http/problem.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { gateway } = ctx.state.services;
    const { space } = ctx.state;
    const input = await readJson(ctx.req, chatCompletionSchema, {
      maxValues: MAX_CHAT_VALUES,
    });
    checkChatCompletion(input);
    const context = gatewayContext(ctx.req, ctx.state);
    const run = await gateway.start(input, context);
    if (run instanceof Response) return run;
    const asked: Asked = {
      gateway,
      space,
      run,
      signal: accessSignal(ctx),
      completed: ctx.info.completed,
    };
    try {
      if (input.stream) return await streamAnswer(asked);
      const { isAsync, waitMs } = readPrefer(ctx.req);
      return isAsync ? await later(asked) : await answerWhole(asked, waitMs);
    } catch (thrown) {
      const error = toAppError(thrown);
      Object.assign(error.headers, headersOf(run));
      if (context.idempotencyKey !== null && staysFailed(error)) {
        error.headers["x-should-retry"] = "false";
      }
      throw error;
    }
  },
}));
