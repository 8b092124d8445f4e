/** `GET /api/health`: how the server does, has done in the last 24 hours, and what it is. */
import { loadHealth } from "@/lib/http/health_view.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { state: { services }, url, req: { signal } } = ctx;
    const report = await loadHealth(services, url, signal);
    return ctx.json(report, { headers: { "cache-control": "no-store" } });
  },
}));
