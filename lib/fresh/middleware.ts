/**
 * Middlewares and how they are chained. Chains are put together once, when a route is registered; a
 * request allocates one closure per middleware.
 */
import type { Context } from "./context.ts";
import { setNext } from "./context.ts";
import { HttpError } from "./http_error.ts";
import type { Lazy, MaybeLazy } from "./handlers.ts";

/** Runs around the rest of the chain, which `ctx.next()` starts. */
export type MiddlewareFn<State> = (
  ctx: Context<State>,
) => Response | Promise<Response>;

export type Middleware<State> = MiddlewareFn<State>;

export type { Lazy, MaybeLazy };

/** Middleware of any app: what the router stores once the app's State no longer matters. */
export type AnyMiddleware = MaybeLazy<MiddlewareFn<unknown>>;

/** The end of a chain, or a chain as a whole. */
export type Chain = (ctx: Context<unknown>) => Promise<Response>;

/** The end of a chain whose last function calls `ctx.next()`. */
export const notFoundChain: Chain = () => Promise.reject(new HttpError(404));

/** Puts `middlewares`, outermost first, around `last`. */
export function composeChain(
  middlewares: readonly AnyMiddleware[],
  last: Chain,
): Chain {
  return middlewares.reduceRight<Chain>(
    (inner, middleware) => wrap(middleware, inner),
    last,
  );
}

function wrap(middleware: AnyMiddleware, inner: Chain): Chain {
  let current = middleware;
  return async (ctx) => {
    setNext(ctx, () => inner(ctx));
    const result = await current(ctx);
    if (typeof result !== "function") return result;
    // A lazy middleware answers its first call with the function it loads.
    current = result;
    setNext(ctx, () => inner(ctx));
    return await result(ctx);
  };
}
