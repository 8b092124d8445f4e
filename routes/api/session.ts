/** `/api/session`: signing in and out, who is signed in, and the workspace the session acts in. */
import { sessionPatchSchema, signInSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import {
  endedSessionCookie,
  readSessionToken,
  sessionCookie,
} from "@/lib/http/session_cookie.ts";
import { requireSession, sessionState } from "@/lib/http/session_state.ts";
import { define } from "@/utils.ts";

/** Largest body of a sign-in, in bytes: whoever sends more means no sign-in. */
const MAX_BODY_BYTES = 16_000;

function withCookie(cookie: string): Response {
  return new Response(null, {
    status: 204,
    headers: { "set-cookie": cookie, "cache-control": "no-store" },
  });
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    return ctx.json(await sessionState(ctx.state));
  },
  async POST(ctx) {
    const { client, services, visitor } = ctx.state;
    const credentials = await readJson(ctx.req, signInSchema, {
      maxBytes: MAX_BODY_BYTES,
    });
    if (visitor?.mode === "local") {
      throw new AppError({
        status: 409,
        code: "local_mode",
        message:
          "In local mode nobody signs in: everyone on this machine is the owner.",
      });
    }
    const { token, endsAt } = await services.signIn
      .signIn({ ...credentials, ...clientOf(ctx) });
    const isSecure = !isPlain(ctx.state);
    const before = readSessionToken(ctx.req.headers, isSecure);
    if (before !== null) {
      await services.sessions.signOut(before, client.address);
    }
    return withCookie(sessionCookie(token, { isSecure, endsAt }));
  },
  async PATCH(ctx) {
    const { services } = ctx.state;
    const { workspaceId } = await readJson(ctx.req, sessionPatchSchema);
    const caller = requireSession(ctx.state);
    await services.sessions.switchWorkspace(caller, workspaceId);
    return ctx.json(await sessionState(ctx.state, workspaceId));
  },
  async DELETE(ctx) {
    const { client, services } = ctx.state;
    const isSecure = !isPlain(ctx.state);
    const token = readSessionToken(ctx.req.headers, isSecure);
    if (token !== null) await services.sessions.signOut(token, client.address);
    return withCookie(endedSessionCookie(isSecure));
  },
}));
