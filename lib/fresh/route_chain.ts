/** Turns what a route file or `app.route()` holds into the end of a chain. */
import type { FunctionComponent } from "preact";
import { type Context, pageProps, renderComponent } from "./context.ts";
import type {
  HandlerByMethod,
  HandlerFn,
  LayoutConfig,
  PageResponse,
  Route,
  RouteComponent,
  RouteHandler,
} from "./handlers.ts";
import { HttpError } from "./http_error.ts";
import type { Chain } from "./middleware.ts";
import type { Method } from "./methods.ts";
import type { ErrorChain } from "./segments.ts";

type AnyRoute = Route<unknown>;

const NoComponent: FunctionComponent = () => null;

/** Throws when a handler has more parameters than `ctx`: it was written for an older Fresh. */
export function assertHandler(route: AnyRoute): void {
  const { handler } = route;
  const functions = typeof handler === "function"
    ? [handler]
    : Object.values(handler ?? {});
  for (const each of functions) {
    if (typeof each === "function" && each.length > 1) {
      throw new Error(
        `Handlers must have one parameter, but found one with "${each.length}"`,
      );
    }
  }
}

/** Answers with the route's handler or component; HttpError 404 for a method it does not handle. */
export function routeChain(route: AnyRoute): Chain {
  return (ctx) => answerWithRoute(ctx, route, undefined);
}

/** Answers a failed request with an error route. */
export function errorRouteChain(route: AnyRoute): ErrorChain {
  return (ctx, status) => answerWithRoute(ctx, route, status);
}

async function answerWithRoute(
  ctx: Context<unknown>,
  route: AnyRoute,
  status: number | undefined,
): Promise<Response> {
  const handler = handlerFor(route, ctx.req.method, status !== undefined);
  if (handler !== null) {
    const result = await handler(ctx);
    if (result instanceof Response) return result;
    return await renderPage(ctx, route, result, status);
  }
  // A page without a handler gets an empty object, one behind `page()` gets undefined.
  return await renderPage(ctx, route, { data: {} }, status);
}

function handlerFor(
  route: AnyRoute,
  method: string,
  isErrorRoute: boolean,
): HandlerFn<unknown, unknown> | null {
  const { handler, component } = route;
  if (handler === undefined) {
    if (component !== undefined) return null;
    throw new HttpError(404);
  }
  if (typeof handler === "function") return handler;
  const found = byMethod(handler, method);
  if (found !== undefined) return found;
  const isRead = method === "GET" || method === "HEAD" || isErrorRoute;
  if (isRead && component !== undefined) return null;
  throw new HttpError(404);
}

function byMethod(
  handler: HandlerByMethod<unknown, unknown>,
  method: string,
): HandlerFn<unknown, unknown> | undefined {
  return handler[method as Method] ??
    (method === "HEAD" ? handler.GET : undefined);
}

async function renderPage(
  ctx: Context<unknown>,
  route: AnyRoute,
  result: PageResponse<unknown>,
  status: number | undefined,
): Promise<Response> {
  if (route.component === undefined) {
    throw new Error(
      `The handler of "${ctx.route}" returned page data, but the route has no component`,
    );
  }
  ctx.data = result.data;
  const component = route.component as RouteComponent<unknown, unknown>;
  const content = await renderComponent(
    component,
    pageProps(ctx, result.data, NoComponent),
  );
  if (content instanceof Response) return content;
  const headers = new Headers();
  if (result.headers !== undefined) {
    const given = new Headers(result.headers);
    // Fresh copies with set(), so repeated Set-Cookie lines collapse.
    given.forEach((value, name) => headers.set(name, value));
  }
  return await ctx.render(
    content as Parameters<Context<unknown>["render"]>[0],
    { status: result.status ?? status ?? 200, headers },
    route.config as LayoutConfig | undefined,
  );
}

/** The methods of a handler object, or null when every method goes to the route. */
export function declaredMethods(
  handler: RouteHandler<unknown, unknown> | undefined,
): Method[] | null {
  if (handler === undefined || typeof handler === "function") return null;
  return Object.keys(handler) as Method[];
}
