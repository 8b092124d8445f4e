/** What a request under `/v1` that is no chat says about itself. */
import type { Context } from "fresh";
import { askerFrom } from "@/lib/auth/asker.ts";
import type { PlainContext } from "@/lib/gateway/plain/plain_calls.ts";
import { accessSignal } from "@/lib/http/access_signal.ts";
import { onHangUp } from "@/lib/streams/sse.ts";
import type { State } from "@/utils.ts";

/** The call is given up when its caller goes. */
export function plainContext(ctx: Context<State>): PlainContext {
  const { caller, requestId, trace, log } = ctx.state;
  const gone = new AbortController();
  const signal = accessSignal(ctx);
  const { hangUp } = onHangUp(signal, () => gone.abort(signal.reason));
  ctx.info.completed.then(hangUp, hangUp);
  const asker = askerFrom(caller);
  return { asker, requestId, trace, logger: log, signal: gone.signal };
}
