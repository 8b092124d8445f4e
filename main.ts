/** The app: what every request passes on its way to a route. Services come from `lib/lifespan.ts`. */
import { App, csp, staticFiles } from "fresh";
import { h } from "preact";
import { ErrorPage } from "@/components/ErrorPage.tsx";
import {
  admission,
  authentication,
  errorPages,
  requestContext,
} from "@/lib/http/middleware.ts";
import { PAGE_POLICY, securityHeaders } from "@/lib/http/security_headers.ts";
import { buildId } from "@/lib/http/build_id.ts";
import { currentServices, ensureServices } from "@/lib/lifespan.ts";
import { registerWakeUp } from "@/lib/schedules/cron_wake_up.ts";
import type { State } from "@/utils.ts";

registerWakeUp(currentServices);

// Before the first request: a setting that cannot be used ends the start here.
const { loopLag, healthRecorder } = await ensureServices();
healthRecorder.build = buildId();
// Only the development server has an environment.
loopLag.warns = import.meta.env?.DEV === true;

export const app = new App<State>()
  .use(requestContext)
  .use((ctx) => {
    ctx.state.services.scheduleTicker.asked();
    return ctx.next();
  })
  .use(securityHeaders)
  .use(csp({ useNonce: true, csp: PAGE_POLICY }))
  .use(errorPages((ctx, error) =>
    ctx.render(
      h(ErrorPage, { error, requestId: ctx.state.requestId }),
      { status: error.status },
    )
  ))
  .use(authentication)
  .use(admission)
  .use(staticFiles())
  .fsRoutes();
