/** `DELETE /api/me`: ends the caller's account, and erases what they have in every workspace. */
import * as z from "zod";
import { closeAccount } from "@/lib/http/close_account.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const confirmationSchema = z.strictObject({
  password: z.string().max(2_000).optional(),
  email: z.string().max(500).optional(),
});

export const handler = define.handlers(methods({
  async DELETE(ctx) {
    const confirmation = await readJson(ctx.req, confirmationSchema);
    const cookie = await closeAccount(ctx, confirmation);
    return new Response(null, {
      status: 204,
      headers: { "set-cookie": cookie, "cache-control": "no-store" },
    });
  },
}));
