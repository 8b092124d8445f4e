/**
 * `staticFiles()`: serves the files of the build and of `static/`. No ranges and no compression.
 *
 * Source: https://fresh.deno.dev/docs/concepts/static-files
 */
import { ASSET_CACHE_KEY } from "./asset.ts";
import type { Context } from "./context.ts";
import { HttpError } from "./http_error.ts";
import type { MiddlewareFn } from "./middleware.ts";
import { getBuildSnapshot, type SnapshotStaticFile } from "./snapshot.ts";

const ONE_YEAR_SECONDS = 31_536_000;
const CACHE_FOR_EVER = `public, max-age=${ONE_YEAR_SECONDS}, immutable`;
const CACHE_NEVER = "no-cache, no-store, max-age=0, must-revalidate";

/** Answers requests for static files; all others go on. */
export function staticFiles<State>(): MiddlewareFn<State> {
  return async (ctx) => {
    const snapshot = getBuildSnapshot();
    if (snapshot === null) return await ctx.next();
    const pathname = staticPath(ctx);
    if (pathname === null) return await ctx.next();
    const found = snapshot.staticFile(pathname);
    const file = found instanceof Promise ? await found : found;
    if (file === null) {
      // Browsers ask for it on their own; a rendered error page would be wasted on them.
      if (pathname === "/favicon.ico") {
        return new Response(null, { status: 404 });
      }
      return await ctx.next();
    }
    return await serve(ctx, file, snapshot.buildId);
  };
}

/** Path of the file, decoded and without base path, or null outside of the base path. */
function staticPath<State>(ctx: Context<State>): string | null {
  const { pathname } = ctx.url;
  const { basePath } = ctx.config;
  let path = pathname;
  if (basePath !== "") {
    if (!pathname.startsWith(`${basePath}/`)) return null;
    path = pathname.slice(basePath.length);
  }
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return null;
  }
}

async function serve<State>(
  ctx: Context<State>,
  file: SnapshotStaticFile,
  buildId: string,
): Promise<Response> {
  const { method } = ctx.req;
  if (method !== "GET" && method !== "HEAD") {
    throw new HttpError(405);
  }
  const cacheKey = ctx.url.searchParams.get(ASSET_CACHE_KEY);
  if (cacheKey !== null && cacheKey !== buildId) {
    const url = new URL(ctx.url);
    url.searchParams.delete(ASSET_CACHE_KEY);
    const location = url.pathname + url.search;
    return new Response(null, { status: 307, headers: { location } });
  }
  const etag = `W/"${file.hash}"`;
  const headers = new Headers({
    "Content-Type": file.contentType,
    "Cache-Control": cacheKey !== null || file.immutable
      ? CACHE_FOR_EVER
      : CACHE_NEVER,
    ETag: etag,
    vary: "If-None-Match",
  });
  if (matchesTag(ctx.req.headers.get("If-None-Match"), file.hash)) {
    return new Response(null, { status: 304, headers });
  }
  if (method === "HEAD") return new Response(null, { headers });
  return await bodyResponse(file, headers);
}

/** Weak comparison with a list of tags (RFC 9110 section 13.1.2). */
function matchesTag(header: string | null, hash: string): boolean {
  if (header === null) return false;
  return header.split(",").some((part) => {
    const tag = part.trim();
    return tag === "*" || tag === `W/"${hash}"` || tag === `"${hash}"`;
  });
}

async function bodyResponse(
  file: SnapshotStaticFile,
  headers: Headers,
): Promise<Response> {
  if (file.content !== undefined) {
    headers.set("Content-Length", String(file.content.byteLength));
    return new Response(file.content, { headers });
  }
  if (file.filePath === null) {
    throw new Error(`The static file "${file.pathname}" has no content`);
  }
  const handle = await Deno.open(file.filePath, { read: true });
  const { size } = await handle.stat();
  headers.set("Content-Length", String(size));
  return new Response(handle.readable, { headers });
}
