/** `POST /v1/embeddings`: texts as vectors, by the provider that serves the model. */
import { checkNumbers } from "@/lib/gateway/chat/input.ts";
import {
  embeddingsSchema,
  MAX_PLAIN_VALUES,
} from "@/lib/gateway/plain/input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { plainContext } from "@/lib/http/plain_context.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { plainCalls } = ctx.state.services;
    const input = await readJson(ctx.req, embeddingsSchema, {
      maxValues: MAX_PLAIN_VALUES,
    });
    checkNumbers(input);
    return ctx.json(
      await plainCalls.ask("/embeddings", input, plainContext(ctx)),
    );
  },
}));
