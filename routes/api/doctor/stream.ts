/** `/api/doctor/stream?events&gapMs`: events at known times, to see when they arrive. */
import { probeStreamResponse } from "@/lib/http/doctor.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET: (ctx) => probeStreamResponse(ctx),
  POST: (ctx) => probeStreamResponse(ctx),
}));
