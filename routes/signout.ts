import { isPlain } from "@/lib/http/begin_session.ts";
import {
  endedSessionCookie,
  readSessionToken,
} from "@/lib/http/session_cookie.ts";
import { define } from "@/utils.ts";

/** `/signout`: ends the session of this browser. A link to it, which any page may have, ends nothing. */
export const handler = define.handlers({
  GET: (ctx) => ctx.redirect("/", 303),
  async POST(ctx) {
    const { client, services: { sessions } } = ctx.state;
    const isSecure = !isPlain(ctx.state);
    const token = readSessionToken(ctx.req.headers, isSecure);
    if (token !== null) await sessions.signOut(token, client.address);
    const response = ctx.redirect("/signin?done=out", 303);
    response.headers.append("set-cookie", endedSessionCookie(isSecure));
    return response;
  },
});
