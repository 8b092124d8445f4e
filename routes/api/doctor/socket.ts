/** `/api/doctor/socket?events&gapMs&quietMs`: the same over a WebSocket, with a silence at the end. */
import { AppError } from "@/lib/errors.ts";
import { probeSocketResponse } from "@/lib/http/doctor.ts";
import { isUpgrade } from "@/lib/http/live_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  GET(ctx) {
    if (isUpgrade(ctx.req)) return probeSocketResponse(ctx);
    throw new AppError({
      status: 426,
      code: "upgrade_required",
      message:
        "This address is for WebSockets. Where one was asked for, something between has not passed the upgrade on.",
      headers: { upgrade: "websocket", connection: "upgrade" },
    });
  },
}));
