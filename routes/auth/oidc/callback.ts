/** `GET /auth/oidc/callback`: where the identity provider sends browsers back to. */
import { findFlow, forgetFlow } from "@/lib/auth/oidc/flow_cookies.ts";
import { CALLBACK_PATH } from "@/lib/auth/oidc/oidc_sign_in.ts";
import { beginSession, clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { methods } from "@/lib/http/methods.ts";
import { refusalPage, requireOidc, sendTo } from "@/lib/http/oidc_context.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { state, url, req } = ctx;
    const cookies = req.headers.get("cookie");
    const told = url.searchParams.get("state") ?? "";
    // Built anew: behind a proxy the address of the request is not the one that the provider knows.
    const answer = new URL(CALLBACK_PATH, state.origin ?? url.origin);
    answer.search = url.search;
    const outcome = await requireOidc(state).finish({
      url: answer,
      sealed: findFlow(cookies, told),
      client: clientOf(ctx),
    });
    const forgotten = forgetFlow(cookies, told, !isPlain(state));
    if ("refused" in outcome) {
      return sendTo(refusalPage(outcome.refused, outcome.next), forgotten);
    }
    const response = await beginSession(ctx, outcome.session, outcome.next);
    for (const cookie of forgotten) {
      response.headers.append("set-cookie", cookie);
    }
    response.headers.set("cache-control", "no-store");
    return response;
  },
}));
