/**
 * `fresh`: a stand-in for @fresh/core 2.3.3 that installs from npm alone. See README.md beside it.
 */
export { App, type ListenOptions, type RequestHandler } from "./app.ts";
export type { FreshConfig, ResolvedFreshConfig } from "./config.ts";
export type { Context, Context as FreshContext } from "./context.ts";
export { cors, type CORSOptions } from "./cors.ts";
export { csp, type CSPOptions } from "./csp.ts";
export { csrf, type CsrfOptions } from "./csrf.ts";
export { createDefine, type Define } from "./define.ts";
export {
  type HandlerByMethod,
  type HandlerFn,
  type LayoutConfig,
  page,
  type PageProps,
  type PageResponse,
  type Route,
  type RouteComponent,
  type RouteConfig,
  type RouteData,
  type RouteHandler,
} from "./handlers.ts";
export { HttpError } from "./http_error.ts";
export {
  ipFilter,
  type IpFilterOptions,
  type IPFilterRules,
} from "./ip_filter.ts";
export type { Method } from "./methods.ts";
export type {
  Lazy,
  MaybeLazy,
  Middleware,
  MiddlewareFn,
} from "./middleware.ts";
export type { SnapshotIsland as Island } from "./snapshot.ts";
export { staticFiles } from "./static_files.ts";
export { trailingSlashes } from "./trailing_slashes.ts";
export type {
  WebSocketHandlers,
  WebSocketUpgradeOptions,
} from "./websocket.ts";
