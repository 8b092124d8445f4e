/**
 * `POST /api/password/reset`: `{email}` mails a link to the address if it has an account, and answers the
 * same if it has none; `{token, password}` sets a new password by such a link.
 */
import {
  passwordResetSchema,
  resetRequestSchema,
} from "@/lib/auth/user_input.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const MAX_BODY_BYTES = 16_000;

function schemaFor(json: unknown) {
  return typeof json === "object" && json !== null && "token" in json
    ? passwordResetSchema
    : resetRequestSchema;
}

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { client: { address }, services } = ctx.state;
    const input = await readJson(ctx.req, schemaFor, {
      maxBytes: MAX_BODY_BYTES,
    });
    if ("email" in input) {
      services.passwordReset.ask(input.email, address);
      return new Response(null, { status: 202 });
    }
    await services.passwordReset
      .redeem(input.token, input.password, address);
    return new Response(null, { status: 204 });
  },
}));
