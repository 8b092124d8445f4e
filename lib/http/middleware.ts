/** What every request passes before its route. */
import type { Context, Middleware } from "fresh";
import type { Caller } from "@/lib/auth/caller.ts";
import {
  FIRST_WORKSPACE,
  programSpace,
  userSpace,
} from "@/lib/shared/spaces.ts";
import type { AppError } from "@/lib/errors.ts";
import { openAIErrorResponse } from "@/lib/gateway/openai_error.ts";
import { ACCESS, type Access, checkAccess, needOf } from "@/lib/http/access.ts";
import { isApi } from "@/lib/http/api_paths.ts";
import { clientAddress } from "@/lib/http/client_address.ts";
import { refuseSocket } from "@/lib/http/live_access.ts";
import { problemResponse, toAppError } from "@/lib/http/problem.ts";
import {
  checkHost,
  checkSameOrigin,
  type Credential,
  ownOrigin,
} from "@/lib/http/same_origin.ts";
import { currentServices } from "@/lib/lifespan.ts";
import { keptHeaders } from "@/lib/observe/kept_headers.ts";
import type { RequestTrace } from "@/lib/observe/request_trace.ts";
import { rounded } from "@/lib/observe/stages.ts";
import { parseAppearance } from "@/lib/shared/appearance.ts";
import { newId } from "@/lib/shared/ids.ts";
import type { State } from "@/utils.ts";

/** Paths that are polled or served without work; they are logged only when they fail. */
const QUIET_PATHS = /^\/(_fresh\/|assets\/|healthz|readyz|metrics|favicon)/;

/** What asks a model, and so holds a socket to it too. */
const ASKS_MODEL =
  /^\/v1\/(chat\/completions|completions|responses|embeddings)$|^\/api\/(stream|chat)$|^\/api\/(threads|runs)\/[^/]+\/(runs|continue)$/;

/** A request that took longer says in its log line what it was at, in milliseconds. */
const SLOW_MS = 1_000;

function asksModel(ctx: Context<State>): boolean {
  return ctx.req.method === "POST" && ASKS_MODEL.test(ctx.url.pathname);
}

function beginTrace(ctx: Context<State>): RequestTrace {
  const { state } = ctx;
  const source = ctx.url.pathname.startsWith("/v1/") ? "v1" : "chat";
  return state.services.observer.begin({
    id: state.requestId,
    workspace: FIRST_WORKSPACE,
    method: ctx.req.method,
    route: ctx.route ?? "none",
    source: asksModel(ctx) ? source : null,
  });
}

/** Gives the request its id, its trace, its logger and the services, and tells how it ended. */
export const requestContext: Middleware<State> = async (ctx) => {
  const { state } = ctx;
  state.services = currentServices();
  state.requestId = newId("req");
  state.log = state.services.log.with({ request: state.requestId });
  state.client = clientAddress(ctx.req, ctx.info, state.services.proxies);
  state.origin = ownOrigin(
    state.client,
    state.services.config.publicUrl,
  );
  state.appearance = parseAppearance(ctx.req.headers.get("cookie"));
  state.trace = beginTrace(ctx);

  const { observer } = state.services;
  const { tracing } = observer;
  const { completed } = ctx.info;
  let response: Response;
  try {
    response = tracing === null
      ? await ctx.next()
      : await tracing.request(state.trace, completed, () => ctx.next());
  } catch (error) {
    observer.leave(state.trace, 500);
    observer.countRequest(state.trace, 500, completed);
    throw error;
  }
  observer.countRequest(state.trace, response.status, completed);
  const { headers } = response;
  if (state.trace.source !== null) {
    state.trace.headers = keptHeaders(ctx.req.headers, headers);
  }
  const { overheadMs, totalMs } = observer.leave(state.trace, response.status);
  const timing = state.trace.stages.serverTiming();
  headers.set("x-request-id", state.requestId);
  const isQuiet = QUIET_PATHS.test(ctx.url.pathname);
  if (!isQuiet) {
    if (timing !== "") headers.set("server-timing", timing);
    headers.set("x-freshet-overhead-ms", String(rounded(overheadMs)));
  }
  if (ctx.url.pathname.startsWith("/v1/")) {
    for (const [name, value] of Object.entries(state.trace.rateHeaders)) {
      headers.set(name, value);
    }
  }
  if (headers.get("content-type")?.startsWith("text/event-stream")) {
    observer.countFollower(completed);
  }
  const level = response.status >= 500 ? "error" : "info";
  if (level === "error" || !isQuiet) {
    state.log[level](`${ctx.req.method} ${ctx.url.pathname}`, {
      status: response.status,
      durationMs: Math.round(totalMs),
      ...(totalMs > SLOW_MS ? { stages: timing } : {}),
    });
  }
  return response;
};

/**
 * Turns whatever a route throws into a response: a problem document for programs, under `/v1` in OpenAI's
 * shape, and a page for people.
 * It sits inside csp(), so that error pages get their headers too (Fresh alone leaves them out).
 */
export function errorPages(
  renderPage: (
    ctx: Context<State>,
    error: AppError,
  ) => Response | Promise<Response>,
): Middleware<State> {
  return async (ctx) => {
    try {
      return await ctx.next();
    } catch (thrown) {
      const error = toAppError(thrown);
      ctx.state.trace.error = { code: error.code, message: error.message };
      if (error.status >= 500) {
        ctx.state.log.error(error.message, { code: error.code, error: thrown });
      }
      const socket = refuseSocket(ctx, error);
      if (socket !== null) return socket;
      if (ctx.url.pathname.startsWith("/v1/")) {
        return openAIErrorResponse(error);
      }
      return isApi(ctx.url.pathname)
        ? problemResponse(error, ctx.state.requestId)
        : await renderPage(ctx, error);
    }
  };
}

/** Taken in whatever else is going on: what tells of the trouble, and what ends it. */
const ALWAYS_TAKEN = /^\/(healthz|readyz|metrics)$|\/cancel$/;

/** Takes a request in, or refuses it while there are too many; see `Admission`. */
export const admission: Middleware<State> = (ctx) => {
  const { admission } = ctx.state.services;
  const { completed } = ctx.info;
  if (ALWAYS_TAKEN.test(ctx.url.pathname)) admission.count(completed);
  else {
    ctx.state.trace.stages.check(
      "limits",
      () => admission.admit(asksModel(ctx) ? 2 : 1, completed),
    );
  }
  return ctx.next();
};

function credentialOf(visitor: Caller | null): Credential {
  if (visitor === null) return "none";
  return visitor.key === null ? "session" : "key";
}

/** Refuses what came under another name or from a page of another origin; local mode has rules of its own. */
function checkOrigin(ctx: Context<State>, visitor: Caller | null): void {
  const { client, origin, services: { config } } = ctx.state;
  if (config.auth === "local") return;
  const credential = credentialOf(visitor);
  const { pathname } = ctx.url;
  const refused =
    checkHost(client, config.publicUrl, { pathname, credential }) ??
      checkSameOrigin(ctx.req, origin, credential);
  if (refused !== null) throw refused;
}

/** Where a page is to be had once its reader has signed in. */
function signInPage({ req, url }: Context<State>): Response {
  const next = req.method === "GET" ? `${url.pathname}${url.search}` : "/";
  const query = next === "/" ? "" : `?next=${encodeURIComponent(next)}`;
  return new Response(null, {
    status: 303,
    headers: { location: `/signin${query}`, "cache-control": "no-store" },
  });
}

/**
 * Finds out who makes the request, and whether they may. An address without a route is for nobody's
 * eyes in particular: static files, or 404.
 */
export const authentication: Middleware<State> = async (ctx) => {
  const { state, route, req: { method } } = ctx;
  const access = route === null ? undefined : ACCESS[route];
  const isLetIn = await state.trace.stages.run("auth", async () => {
    const visitor = await knowVisitor(ctx, access);
    if (visitor === null && access?.surface === "page") {
      return needOf(access, method) === "anyone";
    }
    if (route !== null) checkAccess(route, method, visitor);
    return true;
  });
  return isLetIn ? await ctx.next() : signInPage(ctx);
};

async function knowVisitor(
  ctx: Context<State>,
  access: Access | undefined,
): Promise<Caller | null> {
  const { state, req, url } = ctx;
  const { trace, services } = state;
  const visitor = await services.identification.identify(
    req,
    state.client,
    access?.surface ?? null,
  );
  checkOrigin(ctx, visitor);
  state.visitor = visitor;
  if (visitor === null) return null;
  const { workspace, user, key } = visitor;
  state.caller = visitor;
  state.space = url.pathname.startsWith("/v1/")
    ? programSpace(workspace)
    : userSpace(workspace, user);
  trace.workspace = workspace;
  trace.user = user;
  trace.key = key?.id ?? null;
  return visitor;
}
