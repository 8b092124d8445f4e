/**
 * Finds the route of a path: static paths in a map, then patterns in the order they were added. The
 * first pattern that matches wins even when it does not answer the method.
 */
import type { Chain } from "./middleware.ts";
import { compilePattern, type PathMatcher } from "./pattern.ts";
import type { Method } from "./methods.ts";

export interface RouteEntry {
  /** Pattern as it was registered, for `ctx.route`. */
  pattern: string;
  /** First registration of a method wins. */
  chains: Map<string, Chain>;
}

export interface RouteMatch {
  entry: RouteEntry;
  /** Null for a static path. */
  params: Record<string, string> | null;
}

interface PatternEntry extends RouteEntry {
  match: PathMatcher;
}

/** The routes of one app. */
export class Router {
  #statics = new Map<string, RouteEntry>();
  #patterns: PatternEntry[] = [];
  #patternsByText = new Map<string, PatternEntry>();

  /** Adds a chain for a pattern and the given methods. */
  add(methods: readonly Method[], pattern: string, chain: Chain): void {
    const { chains } = this.#entry(pattern);
    for (const method of methods) {
      if (!chains.has(method)) chains.set(method, chain);
    }
  }

  /** The route of a URL path (still percent-encoded), or null. */
  match(pathname: string): RouteMatch | null {
    const fixed = this.#statics.get(withoutTrailingSlash(pathname));
    if (fixed !== undefined) return { entry: fixed, params: null };
    for (const entry of this.#patterns) {
      const params = entry.match(pathname);
      if (params !== null) return { entry, params };
    }
    return null;
  }

  #entry(pattern: string): RouteEntry {
    const compiled = compilePattern(pattern);
    if (typeof compiled === "string") {
      const path = withoutTrailingSlash(compiled);
      const known = this.#statics.get(path);
      if (known !== undefined) return known;
      const entry = { pattern, chains: new Map<string, Chain>() };
      this.#statics.set(path, entry);
      return entry;
    }
    const known = this.#patternsByText.get(pattern);
    if (known !== undefined) return known;
    const entry = { pattern, chains: new Map(), match: compiled };
    this.#patternsByText.set(pattern, entry);
    this.#patterns.push(entry);
    return entry;
  }
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.charCodeAt(path.length - 1) === 47
    ? path.slice(0, -1)
    : path;
}
