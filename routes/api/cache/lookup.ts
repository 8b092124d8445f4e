/** `POST /api/cache/lookup`: which kept answers a request would get, without asking anybody. */
import { chatCompletionSchema } from "@/lib/gateway/chat/input.ts";
import { readJson } from "@/lib/http/body.ts";
import { lookUpKept } from "@/lib/http/cache_lookup.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const input = await readJson(ctx.req, chatCompletionSchema);
    return ctx.json(await lookUpKept(ctx.state, input, ctx.req.signal));
  },
}));
