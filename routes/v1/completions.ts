/** `POST /v1/completions`: a text goes on, where the provider has that. A stream has it in one chunk. */
import { checkNumbers } from "@/lib/gateway/chat/input.ts";
import { completionStream } from "@/lib/gateway/plain/completion_stream.ts";
import {
  completionSchema,
  MAX_PLAIN_VALUES,
} from "@/lib/gateway/plain/input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { plainContext } from "@/lib/http/plain_context.ts";
import { SSE_HEADERS } from "@/lib/streams/sse.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { plainCalls } = ctx.state.services;
    const input = await readJson(ctx.req, completionSchema, {
      maxValues: MAX_PLAIN_VALUES,
    });
    checkNumbers(input);
    const answer = await plainCalls.ask(
      "/completions",
      input,
      plainContext(ctx),
    );
    if (!input.stream) return ctx.json(answer);
    const withUsage = input.stream_options?.include_usage === true;
    return new Response(completionStream(answer, withUsage), {
      headers: SSE_HEADERS,
    });
  },
}));
