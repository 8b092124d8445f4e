/**
 * Types of route handlers and pages, and `page()`.
 *
 * Source: https://fresh.deno.dev/docs/advanced/define and /docs/concepts/routing
 */
import type { ComponentChildren, VNode } from "preact";
import type { Context } from "./context.ts";
import type { Method } from "./methods.ts";

/** A value, or a function that loads it at first use. */
export type Lazy<T> = () => Promise<T>;
export type MaybeLazy<T> = T | Lazy<T>;

/** What a handler returns to have the route's component rendered with `data`. */
export interface PageResponse<T> {
  data: T;
  headers?: HeadersInit;
  status?: number;
}

/**
 * Renders the route's component with `data`.
 *
 * The headers are copied one by one, so of several `Set-Cookie` lines only the last survives, as in
 * Fresh; append cookies to the Response in a middleware instead.
 */
export function page(): PageResponse<undefined>;
export function page<T>(
  data: T,
  options?: { status?: number; headers?: HeadersInit },
): PageResponse<T>;
export function page<T>(
  data?: T,
  options?: { status?: number; headers?: HeadersInit },
): PageResponse<T | undefined> {
  return { data, status: options?.status, headers: options?.headers };
}

export type HandlerResult<Data> = Response | PageResponse<Data>;

/** Answers one request, with a Response or with `page(data)`. */
export interface HandlerFn<Data, State> {
  (ctx: Context<State>): HandlerResult<Data> | Promise<HandlerResult<Data>>;
}

export type HandlerByMethod<Data, State> = {
  [M in Method]?: HandlerFn<Data, State>;
};

export type RouteHandler<Data, State> =
  | HandlerFn<Data, State>
  | HandlerByMethod<Data, State>;

type PageDataOf<Result> = Extract<
  Awaited<Result>,
  PageResponse<unknown>
>["data"];

type DataOfFunction<Fn> = Fn extends (ctx: never) => infer Result
  ? PageDataOf<Result>
  : never;

/** The data that a route's handlers hand to its component. */
export type RouteData<Handler> = Handler extends (ctx: never) => unknown
  ? DataOfFunction<Handler>
  : { [M in keyof Handler]: DataOfFunction<Handler[M]> }[keyof Handler];

/** Props of a page, layout, app wrapper or error page. */
export type PageProps<Data = unknown, State = unknown> =
  & Pick<
    Context<State>,
    | "config"
    | "url"
    | "req"
    | "params"
    | "info"
    | "state"
    | "isPartial"
    | "Component"
    | "error"
    | "route"
  >
  & { data: Data };

/** What a page may return: markup, or a Response when it is async. */
export type PageResult =
  | VNode
  | ComponentChildren
  | Response
  | Promise<VNode | ComponentChildren | Response>;

export type RouteComponent<Data, State> = (
  props: PageProps<Data, State>,
) => PageResult;

/** `config` of a route file or of `app.route()`. */
export interface RouteConfig {
  /** Pattern used instead of the one made from the file's path. */
  routeOverride?: string;
  /** Renders without `_app`. */
  skipAppWrapper?: boolean;
  /** Renders without the layouts of the folders above. */
  skipInheritedLayouts?: boolean;
  /** Accepted for compatibility; without effect, as in Fresh. */
  csp?: boolean;
  /** Methods the route answers; all of them by default. */
  methods?: "ALL" | Method[];
}

/** `config` of a layout. */
export interface LayoutConfig {
  skipAppWrapper?: boolean;
  skipInheritedLayouts?: boolean;
}

/** A route as `app.route()` takes it and a route file exports it. */
export interface Route<State> {
  component?: RouteComponent<never, State>;
  handler?: RouteHandler<unknown, State>;
  config?: RouteConfig;
}

/** True for a component written as `async function`; only those are awaited. */
export function isAsyncComponent(component: unknown): boolean {
  return typeof component === "function" &&
    component.constructor.name === "AsyncFunction";
}
