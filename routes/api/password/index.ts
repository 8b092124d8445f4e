/** `POST /api/password {oldPassword, newPassword}` changes the caller's; all other sessions end. */
import { passwordChangeSchema } from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const MAX_BODY_BYTES = 16_000;

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services } = ctx.state;
    const input = await readJson(ctx.req, passwordChangeSchema, {
      maxBytes: MAX_BODY_BYTES,
    });
    await services.passwordChange.change(caller, input);
    return new Response(null, { status: 204 });
  },
}));
