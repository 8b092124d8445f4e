/** `GET /metrics`: numbers about this process, in the text format of Prometheus. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { metrics } = ctx.state.services;
    return new Response(await metrics.text(), {
      headers: {
        "content-type": metrics.contentType,
        "cache-control": "no-store",
      },
    });
  },
}));
