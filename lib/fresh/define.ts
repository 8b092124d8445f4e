/**
 * `createDefine()`: identity functions that give handlers, pages, layouts and middlewares their types.
 *
 * Source: https://fresh.deno.dev/docs/advanced/define
 */
import type {
  HandlerByMethod,
  HandlerFn,
  PageProps,
  PageResult,
  RouteData,
  RouteHandler,
} from "./handlers.ts";
import type { MiddlewareFn } from "./middleware.ts";

/** Typed helpers bound to one app's State. */
export interface Define<State> {
  /** Types the handlers of a route; pass `typeof handler` on to `page`. */
  handlers<
    Data,
    Handlers extends RouteHandler<Data, State> = RouteHandler<Data, State>,
  >(handlers: Handlers & RouteHandler<Data, State>): typeof handlers;

  /** Types a page; `props.data` is what the handlers return. */
  page<
    // deno-lint-ignore no-explicit-any -- a handler of any data fits here; Data is inferred from it
    Handler extends RouteHandler<any, State> = never,
    Data = Handler extends HandlerFn<infer Value, State> ? Value
      : Handler extends HandlerByMethod<infer Value, State> ? Value
      : never,
  >(
    render: (props: PageProps<Data, State>) => PageResult,
  ): typeof render;

  /** Types a layout or the app wrapper. */
  layout(
    render: (props: PageProps<unknown, State>) => PageResult,
  ): typeof render;

  /** Types one middleware or a list of them. */
  middleware<M extends MiddlewareFn<State> | MiddlewareFn<State>[]>(
    middleware: M,
  ): typeof middleware;
}

export type { RouteData };

/** Makes the typed helpers for an app whose `ctx.state` is `State`. */
export function createDefine<State>(): Define<State> {
  return {
    handlers: (handlers) => handlers,
    page: (render) => render,
    layout: (render) => render,
    middleware: (middleware) => middleware,
  };
}
