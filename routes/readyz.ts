/** `GET /readyz`: whether new work should come here; 503 with reasons when not. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const readiness = await ctx.state.services.health.readiness();
    return ctx.json(readiness, {
      status: readiness.status === "ready" ? 200 : 503,
      headers: { "cache-control": "no-store" },
    });
  },
}));
