/** `GET /auth/oidc/start?next=/path&invite=token`: sends the browser to the identity provider. */
import { keepFlow } from "@/lib/auth/oidc/flow_cookies.ts";
import { returnPath } from "@/lib/auth/return_path.ts";
import { clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { methods } from "@/lib/http/methods.ts";
import { refusalPage, requireOidc, sendTo } from "@/lib/http/oidc_context.ts";
import { define } from "@/utils.ts";

/** Longer ones are no tokens of ours. */
const MAX_INVITATION = 200;

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { state, url, req } = ctx;
    const invitation = url.searchParams.get("invite")?.slice(0, MAX_INVITATION);
    const begun = await requireOidc(state).begin(
      state.origin ?? url.origin,
      returnPath(url.searchParams.get("next")),
      invitation || null,
      clientOf(ctx),
    );
    if ("refused" in begun) {
      return sendTo(refusalPage(begun.refused, begun.next), []);
    }
    const { location, flow, sealed } = begun;
    return sendTo(
      location.href,
      keepFlow(
        req.headers.get("cookie"),
        flow,
        sealed,
        !isPlain(state),
      ),
    );
  },
}));
