/** `GET /metrics`: numbers about this process, in the text format of Prometheus. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** https://prometheus.io/docs/instrumenting/exposition_formats/#basic-info */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

export const handler = define.handlers(methods({
  GET(ctx) {
    return new Response(ctx.state.services.metrics.text(), {
      headers: { "content-type": CONTENT_TYPE, "cache-control": "no-store" },
    });
  },
}));
