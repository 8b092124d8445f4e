/** `POST /api/notifications/read` marks all as read; the answer says how many there were. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { services: { notifications }, space } = ctx.state;
    await readJson(ctx.req, nothingSchema, { optional: true });
    return ctx.json({ read: await notifications.readAll(space) });
  },
}));
