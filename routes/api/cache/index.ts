/** `GET /api/cache`: what the cache of this process has done since it began, and what it holds now. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET(ctx) {
    return ctx.json(ctx.state.services.answers.report());
  },
}));
