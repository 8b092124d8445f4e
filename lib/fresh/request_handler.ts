/** Answers requests with a built app: finds the chain, runs it, turns what is left into a response. */
import type { AppBuilder } from "./app_builder.ts";
import { Context } from "./context.ts";
import { HttpError } from "./http_error.ts";
import { type Chain, notFoundChain } from "./middleware.ts";
import type { RouteEntry } from "./router.ts";

/** Answers one request; `info` tells about the connection. */
export type RequestHandler = (
  req: Request,
  info?: Deno.ServeHandlerInfo,
) => Promise<Response>;

interface Built {
  builder: AppBuilder;
  /** The root's middlewares, then status 404. */
  unmatched: Chain;
  /** The root's middlewares, then status 405. */
  wrongMethod: Chain;
}

const LOCAL_INFO: Deno.ServeHandlerInfo = {
  remoteAddr: { transport: "tcp", hostname: "localhost", port: 1234 },
  completed: Promise.resolve(),
};

/** The handler of an app that is built by its first request. */
export function createRequestHandler(
  build: () => Promise<AppBuilder>,
): RequestHandler {
  let built: Built | null = null;
  let building: Promise<Built> | null = null;
  return async (req, info = LOCAL_INFO) => {
    if (built === null) {
      building ??= build().then(finish);
      built = await building;
    }
    return await answer(built, req, info);
  };
}

function finish(builder: AppBuilder): Built {
  return {
    builder,
    unmatched: builder.root.chain(notFoundChain),
    wrongMethod: builder.root.chain(() => Promise.reject(new HttpError(405))),
  };
}

async function answer(
  built: Built,
  req: Request,
  info: Deno.ServeHandlerInfo,
): Promise<Response> {
  const { config, router } = built.builder;
  const url = requestUrl(req, config.trustProxy);
  if (url === null) return new Response("Bad Request", { status: 400 });
  const match = router.match(url.pathname);
  const chain = match === null
    ? built.unmatched
    : chainFor(built, match.entry, req.method);
  const ctx = new Context<unknown>(
    req,
    url,
    info,
    config,
    match === null ? null : match.entry.pattern,
    match === null ? null : match.params,
  );
  let response: Response;
  try {
    response = await chain(ctx);
    if (!(response instanceof Response)) {
      throw new TypeError(
        `Expected a "Response" from the route, but got "${typeof response}"`,
      );
    }
  } catch (error) {
    response = defaultErrorResponse(error);
  }
  return req.method === "HEAD" ? withoutBody(response) : response;
}

function chainFor(built: Built, entry: RouteEntry, method: string): Chain {
  const { chains } = entry;
  const chain = chains.get(method) ??
    (method === "HEAD" ? chains.get("GET") : undefined);
  if (chain !== undefined) return chain;
  if (method !== "OPTIONS") return built.wrongMethod;
  const allow = allowedMethods(entry);
  return built.builder.root.chain(() =>
    Promise.resolve(new Response(null, { status: 204, headers: { allow } }))
  );
}

function allowedMethods(entry: RouteEntry): string {
  const methods = new Set([...entry.chains.keys()]);
  if (methods.has("GET")) methods.add("HEAD");
  return [...methods, "OPTIONS"].join(", ");
}

/** Null where the client sent a target in absolute form that is not a URL (RFC 9112 section 3.2.2). */
function requestUrl(req: Request, trustProxy: boolean): URL | null {
  const url = URL.parse(req.url);
  if (url === null) return null;
  if (url.pathname.includes("//")) {
    url.pathname = url.pathname.replace(/\/{2,}/g, "/");
  }
  if (trustProxy) {
    const protocol = firstValue(req.headers.get("x-forwarded-proto"));
    const host = firstValue(req.headers.get("x-forwarded-host"));
    if (host !== null) {
      // Setting a host without a port would keep the port this server listens on.
      url.port = "";
      url.host = host;
    }
    if (protocol !== null) url.protocol = `${protocol}:`;
  }
  return url;
}

/** Proxies append to these headers; the first value is what the client used. */
function firstValue(header: string | null): string | null {
  const value = header?.split(",")[0].trim();
  return value === undefined || value === "" ? null : value;
}

function withoutBody(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("content-length", "0");
  response.body?.cancel();
  return new Response(null, {
    status: response.status,
    statusText: response.statusText,
    headers,
  });
}

function defaultErrorResponse(error: unknown): Response {
  if (error instanceof HttpError) {
    if (error.status >= 500) console.error(error);
    return new Response(error.message, { status: error.status });
  }
  console.error(error);
  return new Response("Internal server error", { status: 500 });
}
