/** `GET /healthz`: the process is up and answers. */
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET: (ctx) =>
    ctx.json({ status: "ok" }, { headers: { "cache-control": "no-store" } }),
}));
