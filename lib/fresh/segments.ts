/**
 * The tree of path segments that middlewares, layouts and error pages are bound to, and the chain a
 * route takes from it.
 *
 * A route copies its chain when it is registered, so what is added to a segment afterwards does not
 * hold for it. Only `notFound` is looked up when it is needed.
 */
import {
  type Context,
  setWrapperScope,
  type Wrapper,
  type WrapperScope,
  wrapperScope,
} from "./context.ts";
import { HttpError } from "./http_error.ts";
import { type AnyMiddleware, type Chain, composeChain } from "./middleware.ts";

/** Answers a request that failed; the error is in `ctx.error`. */
export type ErrorChain = (
  ctx: Context<unknown>,
  status: number,
) => Promise<Response>;

/** What the whole tree shares. */
export interface SegmentRoot {
  /** Handles status 404 anywhere, before any error page. */
  notFound: ErrorChain | null;
}

/** One level of the tree. */
export class Segment {
  app: Wrapper | null = null;
  layout: Wrapper | null = null;
  onError: ErrorChain | null = null;
  readonly middlewares: AnyMiddleware[] = [];
  readonly #parent: Segment | null;
  readonly #root: SegmentRoot;
  readonly #children = new Map<string, Segment>();

  constructor(root: SegmentRoot, parent: Segment | null = null) {
    this.#root = root;
    this.#parent = parent;
  }

  /** The segment of a path such as `/a/:id`, made when missing. `*` stands for this segment itself. */
  descend(path: string): Segment {
    return splitPath(path).reduce<Segment>((segment, name) => {
      let child = segment.#children.get(name);
      if (child === undefined) {
        child = new Segment(this.#root, segment);
        segment.#children.set(name, child);
      }
      return child;
    }, this);
  }

  /** Puts the wrappers and middlewares that hold now, root first, around `last`. */
  chain(last: Chain): Chain {
    let chain = last;
    let needsCatch = true;
    for (const { app, layout, onError, middlewares } of this.#path()) {
      chain = composeChain(middlewares, chain);
      needsCatch ||= middlewares.length > 0;
      // Without anything of its own, a segment right above another one would only catch what that
      // one has caught already.
      if (app !== null || layout !== null || onError !== null || needsCatch) {
        chain = wrapSegment({ app, layout, onError }, this.#root, chain);
      }
      needsCatch = false;
    }
    return chain;
  }

  /** This segment and those above it, root last. */
  #path(): Segment[] {
    return [this, ...this.#parent === null ? [] : this.#parent.#path()];
  }
}

interface SegmentParts {
  app: Wrapper | null;
  layout: Wrapper | null;
  onError: ErrorChain | null;
}

function wrapSegment(
  parts: SegmentParts,
  root: SegmentRoot,
  inner: Chain,
): Chain {
  const { onError } = parts;
  const enter = parts.app === null && parts.layout === null
    ? null
    : (scope: WrapperScope) => enterScope(scope, parts);
  return async (ctx) => {
    const outer = wrapperScope(ctx);
    const scope = enter === null ? outer : enter(outer);
    if (scope !== outer) setWrapperScope(ctx, scope);
    try {
      return await inner(ctx);
    } catch (error) {
      const status = error instanceof HttpError ? error.status : 500;
      const answer = status === 404 && root.notFound !== null
        ? root.notFound
        : onError;
      if (answer === null) throw error;
      ctx.error = error;
      setWrapperScope(ctx, scope);
      return await answer(ctx, status);
    } finally {
      if (scope !== outer) setWrapperScope(ctx, outer);
    }
  };
}

function enterScope(scope: WrapperScope, parts: SegmentParts): WrapperScope {
  let { app, layouts } = scope;
  if (parts.app !== null) app = parts.app;
  if (parts.layout !== null) {
    if (parts.layout.config.skipAppWrapper === true) app = null;
    layouts = parts.layout.config.skipInheritedLayouts === true
      ? [parts.layout]
      : [...layouts, parts.layout];
  }
  return { app, layouts };
}

function splitPath(path: string): string[] {
  return path.split("/").filter((name) => name !== "" && name !== "*");
}
