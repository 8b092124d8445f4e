/**
 * `trailingSlashes()`: redirects to the one form of a path.
 *
 * Source: https://fresh.deno.dev/docs/plugins/trailing-slashes
 */
import type { MiddlewareFn } from "./middleware.ts";
import { safeRedirectLocation } from "./redirect_location.ts";

/** Redirects (302) so that paths always or never end with a slash; `/` itself stays. */
export function trailingSlashes<State>(
  mode: "always" | "never",
): MiddlewareFn<State> {
  return async (ctx) => {
    const { pathname, search } = ctx.url;
    const hasSlash = pathname.endsWith("/");
    if (pathname !== "/" && hasSlash === (mode === "never")) {
      const path = hasSlash ? pathname.replace(/\/+$/, "") : `${pathname}/`;
      const location = safeRedirectLocation(path, false) + search;
      return new Response(null, { status: 302, headers: { location } });
    }
    return await ctx.next();
  };
}
