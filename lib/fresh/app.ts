/**
 * `App`: registers middlewares, routes and wrappers in order, and answers requests.
 *
 * Source: https://fresh.deno.dev/docs/concepts/app
 */
import {
  AppBuilder,
  errorChain,
  joinPaths,
  type Registration,
  wrapperOf,
} from "./app_builder.ts";
import {
  type FreshConfig,
  resolveConfig,
  type ResolvedFreshConfig,
} from "./config.ts";
import { registerFileRoutes } from "./fs_register.ts";
import type {
  LayoutConfig,
  MaybeLazy,
  Route,
  RouteComponent,
  RouteConfig,
} from "./handlers.ts";
import { listen, type ListenOptions } from "./listen.ts";
import {
  type AnyMiddleware,
  composeChain,
  type Middleware,
  notFoundChain,
} from "./middleware.ts";
import { ALL_METHODS, type Method } from "./methods.ts";
import {
  createRequestHandler,
  type RequestHandler,
} from "./request_handler.ts";
import type {
  WebSocketHandlers,
  WebSocketUpgradeOptions,
} from "./websocket.ts";

/** A web app. Its registrations hold for what is registered after them. */
export class App<State> {
  readonly #givenConfig: FreshConfig;
  readonly #registrations: Registration[] = [];

  constructor(config: FreshConfig = {}) {
    this.#givenConfig = config;
  }

  /** The settings, with defaults filled in. */
  get config(): ResolvedFreshConfig {
    return resolveConfig(this.#givenConfig);
  }

  /** Adds middlewares for every route below `path`, or for all routes. */
  use(...middlewares: MaybeLazy<Middleware<State>>[]): this;
  use(path: string, ...middlewares: MaybeLazy<Middleware<State>>[]): this;
  use(
    pathOrMiddleware: string | MaybeLazy<Middleware<State>>,
    ...middlewares: MaybeLazy<Middleware<State>>[]
  ): this {
    const hasPath = typeof pathOrMiddleware === "string";
    const path = hasPath ? pathOrMiddleware : "*";
    const all = hasPath ? middlewares : [pathOrMiddleware, ...middlewares];
    return this.#register((builder, prefix) => {
      const segment = builder.root.descend(joinPaths(prefix, path));
      segment.middlewares.push(...all as AnyMiddleware[]);
    });
  }

  /** Answers GET (and HEAD) at `path`; the last function is the handler, others run around it. */
  get(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(["GET"], path, handlers);
  }

  /** Answers POST at `path`. */
  post(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(["POST"], path, handlers);
  }

  /** Answers PUT at `path`. */
  put(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(["PUT"], path, handlers);
  }

  /** Answers PATCH at `path`. */
  patch(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(["PATCH"], path, handlers);
  }

  /** Answers DELETE at `path`. */
  delete(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(["DELETE"], path, handlers);
  }

  /** Answers HEAD at `path`, in place of the GET handler. */
  head(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(["HEAD"], path, handlers);
  }

  /** Answers every method at `path`. */
  all(path: string, ...handlers: MaybeLazy<Middleware<State>>[]): this {
    return this.#handle(ALL_METHODS, path, handlers);
  }

  /** Takes WebSocket connections at `path`. */
  ws(
    path: string,
    handlers: WebSocketHandlers,
    options?: WebSocketUpgradeOptions,
  ): this {
    return this.get(path, (ctx) => ctx.upgrade(handlers, options));
  }

  /** Adds a route made of a handler, a component and settings, like a route file. */
  route(
    path: string,
    route: MaybeLazy<Route<State>>,
    config?: RouteConfig,
  ): this {
    return this.#register((builder, prefix) => {
      const given = route as MaybeLazy<Route<unknown>>;
      builder.addRoute(
        joinPaths(prefix, path),
        typeof given === "function" || config === undefined
          ? given
          : { ...given, config },
      );
    });
  }

  /** Wraps the pages below `path`. */
  layout(
    path: string,
    component: RouteComponent<never, State>,
    config?: LayoutConfig,
  ): this {
    return this.#register((builder, prefix) => {
      builder.root.descend(joinPaths(prefix, path)).layout = wrapperOf(
        component,
        config,
      );
    });
  }

  /** Wraps every page, outside all layouts. */
  appWrapper(component: RouteComponent<never, State>): this {
    return this.#register((builder) => {
      builder.root.app = wrapperOf(component);
    });
  }

  /** Answers when something below `path` throws; the error is in `ctx.error`. */
  onError(
    path: string,
    routeOrMiddleware: MaybeLazy<Route<State>> | Middleware<State>,
  ): this {
    const answer = errorChain(
      routeOrMiddleware as Parameters<typeof errorChain>[0],
    );
    return this.#register((builder, prefix) => {
      builder.root.descend(joinPaths(prefix, path)).onError = answer;
    });
  }

  /** Answers every status 404 of the app, unmatched paths included. */
  notFound(
    routeOrMiddleware: MaybeLazy<Route<State>> | Middleware<State>,
  ): this {
    const answer = errorChain(
      routeOrMiddleware as Parameters<typeof errorChain>[0],
    );
    return this.#register((builder) => {
      builder.shared.notFound = answer;
    });
  }

  /** Adds the files below `routes/`; `/blog/*` puts them below `/blog`. */
  fsRoutes(pattern = "*"): this {
    const base = pattern.replace(/\/?\*$/, "");
    return this.#register((builder, prefix) =>
      registerFileRoutes(builder, joinPaths(prefix, base))
    );
  }

  /** Adds everything registered with another app below `path`. */
  mountApp(path: string, app: App<State>): this {
    const inner = app.#registrations;
    return this.#register(async (builder, prefix) => {
      const innerPrefix = joinPaths(prefix, path.replace(/\/?\*$/, ""));
      for (const register of inner) await register(builder, innerPrefix);
    });
  }

  /** The function that answers requests. What is registered later does not count. */
  handler(): RequestHandler {
    const registrations = [...this.#registrations];
    return createRequestHandler(async () => {
      const builder = new AppBuilder(this.config);
      for (const register of registrations) await register(builder, "");
      return builder;
    });
  }

  /** Serves the app; without a port the first free one from 8000 to 8019. */
  async listen(options: ListenOptions = {}): Promise<void> {
    await listen(this.handler(), this.config.basePath, options);
  }

  #handle(
    methods: readonly Method[],
    path: string,
    handlers: MaybeLazy<Middleware<State>>[],
  ): this {
    if (handlers.length === 0) {
      throw new Error(`No handler passed for the route "${path}"`);
    }
    const last = composeChain(handlers as AnyMiddleware[], notFoundChain);
    return this.#register((builder, prefix) => {
      const pattern = joinPaths(prefix, path);
      builder.addChain(methods, pattern, pattern, last);
    });
  }

  #register(registration: Registration): this {
    this.#registrations.push(registration);
    return this;
  }
}

export type { ListenOptions, RequestHandler };
