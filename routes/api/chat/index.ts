/** `POST /api/chat`: the answer to the messages of an AI SDK client, as its UI message stream. */
import { headersOf, streamAnswer } from "@/lib/gateway/chat/answer.ts";
import { MAX_CHAT_VALUES } from "@/lib/gateway/chat/input.ts";
import { UiEventsText } from "@/lib/gateway/ui_message/events_text.ts";
import { uiChatSchema } from "@/lib/gateway/ui_message/input.ts";
import { UI_MESSAGE_HEADERS } from "@/lib/gateway/ui_message/output.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { readJson } from "@/lib/http/body.ts";
import { gatewayContext } from "@/lib/http/gateway_context.ts";
import { methods } from "@/lib/http/methods.ts";
import { toAppError } from "@/lib/http/problem.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { gateway, uiChats } = ctx.state.services;
    const { space } = ctx.state;
    const input = await readJson(ctx.req, uiChatSchema, {
      maxValues: MAX_CHAT_VALUES,
    });
    const run = await uiChats.start(input, gatewayContext(ctx.req, ctx.state));
    try {
      return await streamAnswer(
        {
          gateway,
          space,
          run,
          signal: accessSignal(ctx),
          completed: ctx.info.completed,
        },
        new UiEventsText(run.record.id),
        UI_MESSAGE_HEADERS,
      );
    } catch (thrown) {
      const error = toAppError(thrown);
      Object.assign(error.headers, headersOf(run));
      throw error;
    }
  },
}));
