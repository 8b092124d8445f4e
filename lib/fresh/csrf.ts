/**
 * `csrf()`: refuses requests that change something and come from another site.
 *
 * Source: https://fresh.deno.dev/docs/plugins/csrf
 */
import type { Context } from "./context.ts";
import { HttpError } from "./http_error.ts";
import type { MiddlewareFn } from "./middleware.ts";

export interface CsrfOptions<State = unknown> {
  /** Origins that may send requests besides the server's own. */
  origin?:
    | string
    | string[]
    | ((origin: string, ctx: Context<State>) => boolean);
}

const SAFE_METHODS = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Lets a request pass when `Sec-Fetch-Site` says same-origin or none, when its `Origin` is allowed, or
 * when it has neither header (then no browser sent it); HttpError 403 otherwise.
 */
export function csrf<State>(
  options: CsrfOptions<State> = {},
): MiddlewareFn<State> {
  return async (ctx) => {
    if (!SAFE_METHODS.has(ctx.req.method) && !isTrusted(ctx, options)) {
      throw new HttpError(403);
    }
    return await ctx.next();
  };
}

function isTrusted<State>(
  ctx: Context<State>,
  options: CsrfOptions<State>,
): boolean {
  const site = ctx.req.headers.get("sec-fetch-site");
  const origin = ctx.req.headers.get("origin");
  if (site === "same-origin" || site === "none") return true;
  if (origin !== null) return isAllowedOrigin(origin, ctx, options);
  return site === null;
}

function isAllowedOrigin<State>(
  origin: string,
  ctx: Context<State>,
  { origin: allowed }: CsrfOptions<State>,
): boolean {
  if (typeof allowed === "function") return allowed(origin, ctx);
  if (allowed === undefined) return origin === ctx.url.origin;
  return typeof allowed === "string"
    ? origin === allowed
    : allowed.includes(origin);
}
