/** What the headers of a request under `/v1` say about its run. */
import { askerFrom } from "@/lib/auth/asker.ts";
import type { CacheWish } from "@/lib/cache/answer.ts";
import { AppError } from "@/lib/errors.ts";
import type { GatewayContext } from "@/lib/gateway/gateway.ts";
import { readIdempotencyKey } from "@/lib/http/idempotency_key.ts";
import { readPrefer } from "@/lib/http/prefer.ts";
import type { State } from "@/utils.ts";

/** @throws {AppError} 400 `invalid_request` for a header that says nothing known */
export function gatewayContext(
  request: Request,
  { space, caller, requestId, log, trace }: State,
): GatewayContext {
  const { isAsync, waitMs } = readPrefer(request);
  const detach = oneOf(request, "x-freshet-detach", ["true", "false"]);
  const failover = oneOf(request, "x-freshet-failover", ["restart"]);
  const cache = oneOf(request, "x-freshet-cache", ["bypass", "only"]);
  return {
    space,
    asker: askerFrom(caller),
    requestId,
    logger: log,
    trace,
    signal: request.signal,
    // Who may be answered before the run has ended comes back for the rest.
    isDetached: detach === "true" || isAsync || waitMs !== null,
    idempotencyKey: readIdempotencyKey(request),
    cache: (cache ?? "use") as CacheWish,
    mayRestart: failover === "restart",
  };
}

function oneOf(
  request: Request,
  name: string,
  values: readonly string[],
): string | null {
  const value = request.headers.get(name);
  if (value === null || values.includes(value.toLowerCase())) {
    return value?.toLowerCase() ?? null;
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: `${name} must be ${values.join(" or ")}.`,
  });
}
