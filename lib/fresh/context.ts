/**
 * `ctx`: what handlers and middlewares get for one request.
 *
 * Source: https://fresh.deno.dev/docs/concepts/context
 */
import { Fragment, h, isValidElement } from "preact";
import type { ComponentChildren, FunctionComponent, VNode } from "preact";
import type { ResolvedFreshConfig } from "./config.ts";
import type {
  LayoutConfig,
  PageProps,
  PageResult,
  RouteComponent,
} from "./handlers.ts";
import { isAsyncComponent } from "./handlers.ts";
import { HttpError } from "./http_error.ts";
import { createNonce, renderDocument } from "./render_document.ts";
import { safeRedirectLocation } from "./redirect_location.ts";
import {
  upgradeWebSocket,
  type WebSocketHandlers,
  type WebSocketUpgrade,
  type WebSocketUpgradeOptions,
} from "./websocket.ts";

/** A component that wraps pages: `_app` or a `_layout`. */
export interface Wrapper {
  component: RouteComponent<unknown, unknown>;
  config: LayoutConfig;
}

/** Wrappers in force at one point of a chain. */
export interface WrapperScope {
  app: Wrapper | null;
  /** Outermost first. */
  layouts: readonly Wrapper[];
}

const NO_WRAPPERS: WrapperScope = { app: null, layouts: [] };
const EMPTY_PARAMS: Readonly<Record<string, string>> = Object.freeze(
  Object.create(null),
);
const EmptyComponent: FunctionComponent = () => null;

/** Sets what `ctx.next()` runs. */
export let setNext: (
  ctx: Context<unknown>,
  next: () => Promise<Response>,
) => void;
/** The wrappers `ctx.render()` would use now. */
export let wrapperScope: (ctx: Context<unknown>) => WrapperScope;
export let setWrapperScope: (
  ctx: Context<unknown>,
  scope: WrapperScope,
) => void;
/** The nonce of the page rendered for this request, or null when none was rendered. */
export let renderNonce: (ctx: Context<unknown>) => string | null;

/** Everything about one request, and the ways to answer it. */
export class Context<State> {
  readonly config: ResolvedFreshConfig;
  /** The request as it came in. */
  readonly req: Request;
  /** The request's URL, a copy that may be changed; repeated slashes are collapsed. */
  readonly url: URL;
  /** Decoded parameters of the route; an optional one that is missing is `""`. No prototype. */
  readonly params: Record<string, string>;
  /** Shared by the middlewares and the handler of this request. */
  readonly state: State = {} as State;
  readonly info: Deno.ServeHandlerInfo;
  /** Pattern of the matching route, or null. */
  readonly route: string | null;
  /** What was thrown, while an error page is made. */
  error: unknown = null;
  /** What the handler gave to `page()`, once it has. */
  data: unknown = undefined;
  /** True when client navigation asks for parts of a page. */
  readonly isPartial: boolean;
  /** In a wrapper: what it wraps. */
  Component: FunctionComponent = EmptyComponent;
  /** Runs the rest of the chain and gives its answer. */
  next: () => Promise<Response> = () => Promise.reject(new HttpError(404));

  #scope: WrapperScope = NO_WRAPPERS;
  #nonce: string | null = null;

  constructor(
    req: Request,
    url: URL,
    info: Deno.ServeHandlerInfo,
    config: ResolvedFreshConfig,
    route: string | null,
    params: Record<string, string> | null,
  ) {
    this.req = req;
    this.url = url;
    this.info = info;
    this.config = config;
    this.route = route;
    this.params = params ?? EMPTY_PARAMS;
    this.isPartial = url.search !== "" &&
      url.searchParams.has("fresh-partial");
  }

  /**
   * Redirects. Slashes at the start of a path are collapsed, so that a path from user input cannot
   * lead to another host.
   */
  redirect(pathOrUrl: string, status = 302): Response {
    const location = safeRedirectLocation(pathOrUrl, this.isPartial);
    return new Response(null, { status, headers: { location } });
  }

  /** Answers with JSON. */
  // deno-lint-ignore no-explicit-any -- Response.json takes any value
  json(content: any, init?: ResponseInit): Response {
    return Response.json(content, init);
  }

  /** Answers with plain text. */
  text(content: string, init?: ResponseInit): Response {
    return new Response(content, init);
  }

  /** Answers with HTML. */
  html(content: string, init?: ResponseInit): Response {
    const headers = new Headers(init?.headers);
    headers.set("Content-Type", "text/html; charset=utf-8");
    return new Response(content, { ...init, headers });
  }

  /**
   * Streams chunks as they come. When the client goes away, the source is told by `return()` of its
   * iterator. No Content-Type is set.
   */
  stream<Chunk extends string | Uint8Array>(
    source:
      | Iterable<Chunk>
      | AsyncIterable<Chunk>
      | (() => Iterable<Chunk> | AsyncIterable<Chunk>),
    init?: ResponseInit,
  ): Response {
    const chunks = typeof source === "function" ? source() : source;
    return new Response(ReadableStream.from(encodeChunks(chunks)), init);
  }

  /** Upgrades to a WebSocket; an HttpError 400 is thrown when the client did not ask for one. */
  upgrade(): WebSocketUpgrade;
  upgrade(
    handlers: WebSocketHandlers,
    options?: WebSocketUpgradeOptions,
  ): Response;
  upgrade(
    handlers?: WebSocketHandlers,
    options?: WebSocketUpgradeOptions,
  ): WebSocketUpgrade | Response {
    return upgradeWebSocket(this.req, handlers, options);
  }

  /**
   * Renders markup inside the layouts and the app wrapper that hold for this route. Missing `html`,
   * `head` and `body` elements are added, and the script of the islands when the page has some.
   */
  async render(
    // deno-lint-ignore no-explicit-any -- props of the markup do not matter here
    vnode: VNode<any> | null,
    init: ResponseInit = {},
    config: LayoutConfig = {},
  ): Promise<Response> {
    if (vnode !== null && !isValidElement(vnode)) {
      throw new TypeError("Non-JSX element passed to 'ctx.render()'");
    }
    const { app, layouts } = this.#scope;
    let content: ComponentChildren = vnode;
    if (config.skipInheritedLayouts !== true) {
      for (let index = layouts.length - 1; index >= 0; index--) {
        const wrapped = await this.#wrap(layouts[index], content);
        if (wrapped instanceof Response) return wrapped;
        content = wrapped;
      }
    }
    if (app !== null && config.skipAppWrapper !== true) {
      const wrapped = await this.#wrap(app, content);
      if (wrapped instanceof Response) return wrapped;
      content = wrapped;
    }
    this.#nonce ??= createNonce();
    return renderDocument(content, init, {
      nonce: this.#nonce,
      pathname: this.url.pathname,
      basePath: this.config.basePath,
    });
  }

  async #wrap(
    wrapper: Wrapper,
    content: ComponentChildren,
  ): Promise<ComponentChildren | Response> {
    const props = pageProps(this, null, () => h(Fragment, null, content));
    return await renderComponent(wrapper.component, props);
  }

  static {
    setNext = (ctx, next) => {
      ctx.next = next;
    };
    wrapperScope = (ctx) => ctx.#scope;
    setWrapperScope = (ctx, scope) => {
      ctx.#scope = scope;
    };
    renderNonce = (ctx) => ctx.#nonce;
  }
}

/** Props of a page or wrapper: the data fields of `ctx`, without its methods. */
export function pageProps<Data>(
  ctx: Context<unknown>,
  data: Data,
  component: FunctionComponent,
): PageProps<Data, unknown> {
  return {
    config: ctx.config,
    url: ctx.url,
    req: ctx.req,
    params: ctx.params,
    info: ctx.info,
    state: ctx.state,
    isPartial: ctx.isPartial,
    Component: component,
    error: ctx.error,
    route: ctx.route,
    data,
  };
}

/** Calls an async component; leaves any other to the renderer, where it may use hooks. */
export async function renderComponent<Data>(
  component: RouteComponent<Data, unknown>,
  props: PageProps<Data, unknown>,
): Promise<ComponentChildren | Response> {
  if (isAsyncComponent(component)) return await component(props);
  return h(component as FunctionComponent<PageProps<Data, unknown>>, props);
}

const encoder = new TextEncoder();

async function* encodeChunks(
  chunks: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield typeof chunk === "string" ? encoder.encode(chunk) : chunk;
  }
}

export type { PageResult };
