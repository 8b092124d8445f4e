/** `GET /api/limits/effective?user=&key=&model=`: what holds for somebody, and what is left of it. */
import {
  effectiveView,
  readEffectiveQuery,
} from "@/lib/http/effective_limits.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const query = readEffectiveQuery(ctx.url.searchParams);
    return ctx.json(await effectiveView(ctx.state, query), {
      headers: { "cache-control": "no-store" },
    });
  },
}));
