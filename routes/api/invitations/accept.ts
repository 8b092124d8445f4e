/**
 * `POST /api/invitations/accept {token, name?, password?}`: joins the workspace of an invitation, as who
 * is signed in, or by a new account with the address that was invited. Either way a session follows.
 */
import { invitationAnswerSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { sessionCookie } from "@/lib/http/session_cookie.ts";
import { requireSession } from "@/lib/http/session_state.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { client: { address }, services, visitor } = ctx.state;
    const { invitations, sessions } = services;
    const { token, name, password } = await readJson(
      ctx.req,
      invitationAnswerSchema,
    );
    if (visitor !== null) {
      const caller = requireSession(ctx.state);
      const workspace = await invitations
        .accept(token, caller.user, address);
      await sessions.switchWorkspace(caller, workspace);
      return new Response(null, { status: 204 });
    }
    if (name === undefined || password === undefined) {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "Sign in first, or send a name and a password.",
        errors: [
          { path: "name", message: "is needed for a new account" },
          { path: "password", message: "is needed for a new account" },
        ],
      });
    }
    const joined = await invitations
      .signUp(token, { name, password }, address);
    const session = await sessions
      .create({ ...joined, ...clientOf(ctx), method: "invitation" });
    return new Response(null, {
      status: 204,
      headers: {
        "set-cookie": sessionCookie(session.token, {
          isSecure: !isPlain(ctx.state),
          endsAt: session.endsAt,
        }),
        "cache-control": "no-store",
      },
    });
  },
}));
