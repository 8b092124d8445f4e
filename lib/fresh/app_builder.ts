/** Collects an App's registrations into a router and a segment tree. */
import type { ResolvedFreshConfig } from "./config.ts";
import type { Wrapper } from "./context.ts";
import type {
  LayoutConfig,
  MaybeLazy,
  Route,
  RouteComponent,
} from "./handlers.ts";
import { type Chain, composeChain, type MiddlewareFn } from "./middleware.ts";
import { ALL_METHODS, type Method } from "./methods.ts";
import {
  assertHandler,
  declaredMethods,
  errorRouteChain,
  routeChain,
} from "./route_chain.ts";
import { Router } from "./router.ts";
import { type ErrorChain, Segment, type SegmentRoot } from "./segments.ts";

export type AnyRoute = Route<unknown>;

/** One registration, replayed when the app is built; `prefix` is where the app is mounted. */
export type Registration = (
  builder: AppBuilder,
  prefix: string,
) => void | Promise<void>;

/** The state of an app while it is built, and what answers requests afterwards. */
export class AppBuilder {
  readonly router = new Router();
  readonly shared: SegmentRoot = { notFound: null };
  readonly root = new Segment(this.shared);
  readonly config: ResolvedFreshConfig;

  constructor(config: ResolvedFreshConfig) {
    this.config = config;
  }

  /** Adds a chain at `pattern`, behind what the segment at `segmentPath` holds now. */
  addChain(
    methods: readonly Method[],
    pattern: string,
    segmentPath: string,
    last: Chain,
  ): void {
    const chain = this.root.descend(segmentPath).chain(last);
    this.router.add(methods, joinPaths(this.config.basePath, pattern), chain);
  }

  /** Adds an `app.route()`. */
  addRoute(
    pattern: string,
    route: MaybeLazy<AnyRoute>,
  ): void {
    if (typeof route === "function") {
      const last = lazyRouteChain(route);
      this.addChain(ALL_METHODS, pattern, pattern, last);
      return;
    }
    assertHandler(route);
    this.addChain(methodsOf(route), pattern, pattern, routeChain(route));
  }
}

/** A route whose module is loaded by its first request. */
export function lazyRouteChain(
  load: () => AnyRoute | Promise<AnyRoute>,
): Chain {
  let chain: Chain | null = null;
  return async (ctx) => {
    if (chain === null) {
      const route = await load();
      assertHandler(route);
      chain = routeChain(route);
    }
    return await chain(ctx);
  };
}

/** An error page from a route, or from a function that answers. */
export function errorChain(
  routeOrMiddleware: MaybeLazy<AnyRoute> | MiddlewareFn<unknown>,
): ErrorChain {
  if (typeof routeOrMiddleware !== "function") {
    assertHandler(routeOrMiddleware);
    return errorRouteChain(routeOrMiddleware);
  }
  const answer = routeOrMiddleware;
  return async (ctx, status) => {
    const result = await answer(ctx);
    return result instanceof Response
      ? result
      : await errorRouteChain(result)(ctx, status);
  };
}

/** A layout or app wrapper with its settings. */
export function wrapperOf<State>(
  component: RouteComponent<never, State>,
  config: LayoutConfig = {},
): Wrapper {
  return {
    component: component as RouteComponent<unknown, unknown>,
    config,
  };
}

/** Joins two URL paths with exactly one slash between them. */
export function joinPaths(base: string, path: string): string {
  const rest = path === "*" ? "/*" : path;
  if (base === "" || base === "/") {
    return rest.startsWith("/") ? rest : `/${rest}`;
  }
  const start = base.replace(/\/+$/, "");
  if (rest === "/" || rest === "") return start;
  return `${start}${rest.startsWith("/") ? "" : "/"}${rest}`;
}

function methodsOf(route: AnyRoute): readonly Method[] {
  const wanted = route.config?.methods;
  if (wanted === "ALL") return ALL_METHODS;
  if (wanted !== undefined) return wanted;
  if (route.handler === undefined) return ["GET"];
  const declared = declaredMethods(route.handler);
  if (declared === null) return ALL_METHODS;
  return route.component === undefined ? declared : [...declared, "GET"];
}

export { composeChain };
