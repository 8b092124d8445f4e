/** `GET /readyz`: whether new work should come here; 503 when not, to admins of the server with reasons. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { visitor, services: { health } } = ctx.state;
    const readiness = await health.readiness();
    // What fails inside is nothing for strangers.
    const checks = visitor?.isOperator
      ? readiness.checks
      : readiness.checks.map((check) => ({ ...check, reason: null }));
    return ctx.json({ ...readiness, checks }, {
      status: readiness.status === "ready" ? 200 : 503,
      headers: { "cache-control": "no-store" },
    });
  },
}));
