/** `GET /api/doctor/echo`: how the server sees the request, through whatever stands between. */
import { doctorEcho } from "@/lib/http/doctor.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET: (ctx) =>
    ctx.json(doctorEcho(ctx), { headers: { "cache-control": "no-store" } }),
}));
