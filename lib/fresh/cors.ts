/**
 * `cors()`: lets pages of other origins call this app.
 *
 * Source: https://fresh.deno.dev/docs/plugins/cors and https://fetch.spec.whatwg.org/#http-cors-protocol
 */
import type { Context } from "./context.ts";
import type { MiddlewareFn } from "./middleware.ts";

export interface CORSOptions<State = unknown> {
  /** Origins that may call; `*` by default. A function gives the allowed origin or null. */
  origin?:
    | "*"
    | string
    | string[]
    | ((requestOrigin: string, ctx: Context<State>) => string | null);
  /** Methods a preflight allows. */
  allowMethods?: string[];
  /** Request headers a preflight allows; by default those it asks for. */
  allowHeaders?: string[];
  /** Seconds a browser may keep the preflight's answer. */
  maxAge?: number;
  /** Allows cookies and HTTP authentication. */
  credentials?: boolean;
  /** Response headers that scripts may read. */
  exposeHeaders?: string[];
}

const DEFAULT_METHODS = ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH"];

/** Answers preflights with 204 and adds the CORS headers to other responses. */
export function cors<State>(
  options: CORSOptions<State> = {},
): MiddlewareFn<State> {
  return async (ctx) => {
    const { method } = ctx.req;
    const headers = new Headers();
    addOriginHeaders(headers, ctx, options);
    if (method === "OPTIONS") {
      addPreflightHeaders(headers, ctx.req, options);
      return new Response(null, { status: 204, headers });
    }
    const response = await ctx.next();
    headers.forEach((value, name) => {
      if (name === "vary") response.headers.append(name, value);
      else response.headers.set(name, value);
    });
    return response;
  };
}

function addOriginHeaders<State>(
  headers: Headers,
  ctx: Context<State>,
  options: CORSOptions<State>,
): void {
  const allowed = allowedOrigin(ctx, options.origin ?? "*");
  if (allowed !== null) headers.set("Access-Control-Allow-Origin", allowed);
  if (options.origin !== undefined && options.origin !== "*") {
    headers.append("Vary", "Origin");
  }
  if (options.credentials === true) {
    headers.set("Access-Control-Allow-Credentials", "true");
  }
  if (options.exposeHeaders !== undefined && options.exposeHeaders.length > 0) {
    headers.set(
      "Access-Control-Expose-Headers",
      options.exposeHeaders.join(","),
    );
  }
}

function allowedOrigin<State>(
  ctx: Context<State>,
  rule: NonNullable<CORSOptions<State>["origin"]>,
): string | null {
  const origin = ctx.req.headers.get("origin") ?? "";
  if (typeof rule === "function") return rule(origin, ctx);
  if (Array.isArray(rule)) return rule.includes(origin) ? origin : null;
  return rule;
}

function addPreflightHeaders<State>(
  headers: Headers,
  req: Request,
  options: CORSOptions<State>,
): void {
  if (options.maxAge !== undefined) {
    headers.set("Access-Control-Max-Age", String(options.maxAge));
  }
  const methods = options.allowMethods ?? DEFAULT_METHODS;
  if (methods.length > 0) {
    headers.set("Access-Control-Allow-Methods", methods.join(","));
  }
  const asked = req.headers.get("access-control-request-headers");
  const allowed = options.allowHeaders?.length
    ? options.allowHeaders.join(",")
    : asked;
  if (allowed !== null && allowed !== "") {
    headers.set("Access-Control-Allow-Headers", allowed);
    headers.append("Vary", "Access-Control-Request-Headers");
  }
}
