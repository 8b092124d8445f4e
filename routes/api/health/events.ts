/** `GET /api/health/events`: how the server does, told every few seconds as server-sent events. */
import { healthStream } from "@/lib/http/health_stream.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET(ctx) {
    return healthStream(ctx);
  },
}));
