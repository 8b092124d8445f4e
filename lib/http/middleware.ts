/** What every request passes before its route. */
import type { Context, Middleware } from "fresh";
import { FIRST_WORKSPACE, programSpace, userSpace } from "@/lib/auth/caller.ts";
import type { AppError } from "@/lib/errors.ts";
import { openAIErrorResponse } from "@/lib/gateway/openai_error.ts";
import { checkAccess } from "@/lib/http/access.ts";
import { identify } from "@/lib/http/identify.ts";
import { problemResponse, toAppError } from "@/lib/http/problem.ts";
import { currentServices } from "@/lib/lifespan.ts";
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
    throw error;
  }
  const { headers } = response;
  const { overheadMs, totalMs } = observer.leave(state.trace, response.status);
  const timing = state.trace.stages.serverTiming();
  headers.set("x-request-id", state.requestId);
  const isQuiet = QUIET_PATHS.test(ctx.url.pathname);
  if (!isQuiet) {
    if (timing !== "") headers.set("server-timing", timing);
    headers.set("x-freshet-overhead-ms", String(rounded(overheadMs)));
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
 * Headers for every response. Fresh's csp() always asks browsers to upgrade to https, which would break
 * every link of a server reached over plain http, so that directive is taken out there.
 */
export const securityHeaders: Middleware<State> = async (ctx) => {
  const response = await ctx.next();
  const { headers } = response;
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "same-origin");
  headers.set("x-frame-options", "DENY");
  headers.set("cross-origin-opener-policy", "same-origin");
  const policy = headers.get("content-security-policy");
  if (policy !== null && ctx.url.protocol === "http:") {
    headers.set(
      "content-security-policy",
      policy.split(";").map((part) => part.trim()).filter((part) =>
        part !== "" && part !== "upgrade-insecure-requests"
      ).join("; "),
    );
  }
  return response;
};

function isApi(pathname: string): boolean {
  return /^\/(api|v1|healthz|readyz|metrics|schema)(\/|$)/.test(pathname);
}

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

/**
 * Finds out who makes the request, and whether they may. An address without a route is for nobody's
 * eyes in particular: static files, or 404.
 */
export const authentication: Middleware<State> = async (ctx) => {
  const { state, route, url } = ctx;
  const { trace } = state;
  await trace.stages.run("auth", async () => {
    const visitor = await identify(ctx);
    state.visitor = visitor;
    if (visitor !== null) {
      state.caller = visitor;
      trace.workspace = visitor.workspace;
      trace.user = visitor.user;
      trace.key = visitor.key?.id ?? null;
      state.space = url.pathname.startsWith("/v1/")
        ? programSpace(visitor.workspace)
        : userSpace(visitor.workspace, visitor.user);
    }
    if (route !== null) checkAccess(route, ctx.req.method, visitor);
  });
  return await ctx.next();
};
