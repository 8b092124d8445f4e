/**
 * Who may call what: one line for each route. A route without a line is refused to everyone, so that a
 * new one is not open by accident.
 */
import { type Caller, mayActAs } from "@/lib/auth/caller.ts";
import type { Role } from "@/lib/auth/roles.ts";
import { AppError } from "@/lib/errors.ts";

/**
 * What a caller must be. `anyone` needs no sign-in; `operator` runs this server: an owner or admin of the
 * first workspace; the others are the least role in the caller's workspace.
 */
export type Need = "anyone" | Role | "operator";

/**
 * What kind of client a route is for: pages send those who are not signed in to `/signin`; programs get
 * 401; and a key needs the scope of the surface. `session` is for people only, no key may.
 */
export type Surface = "page" | "session" | "api" | "v1" | "metrics";

/** Who may call one route. */
export interface Access {
  surface: Surface;
  /** For GET and HEAD. */
  read: Need;
  /** For every other method. */
  write: Need;
}

function rule(surface: Surface) {
  return (read: Need, write: Need = read): Access => ({ surface, read, write });
}

const page = rule("page");
const session = rule("session");
const api = rule("api");
const v1 = rule("v1");
const metrics = rule("metrics");

/** By the pattern of the route, as Fresh writes it. */
export const ACCESS: Readonly<Record<string, Access>> = {
  "/healthz": api("anyone"),
  "/readyz": api("anyone"),
  "/schema/config.json": api("anyone"),
  "/openapi.json": api("anyone"),
  "/docs": page("anyone"),
  "/docs/:id": page("anyone"),
  "/docs/operations/:id": page("anyone"),
  "/metrics": metrics("operator"),

  "/": page("viewer"),
  "/c/:thread": page("viewer"),
  "/search": page("viewer"),
  "/projects": page("viewer", "member"),
  "/projects/:project": page("viewer", "member"),
  "/documents": page("viewer", "member"),
  "/documents/:document": page("viewer", "member"),
  "/tasks": page("viewer", "member"),
  "/jobs": page("viewer", "member"),
  "/jobs/:job": page("viewer", "member"),
  "/notifications": page("viewer"),
  "/usage": page("viewer"),
  "/schedules": page("viewer", "member"),
  "/schedules/new": page("member"),
  "/schedules/:schedule": page("viewer", "member"),
  "/settings": page("viewer"),
  "/webhooks/:webhook": page("viewer", "member"),
  "/workspaces": page("viewer"),

  "/signin": page("anyone"),
  "/setup": page("anyone"),
  "/invite": page("anyone"),
  "/reset": page("anyone"),
  "/signout": page("anyone"),
  "/auth/oidc/start": page("anyone"),
  "/auth/oidc/callback": page("anyone"),
  "/admin": page("admin"),
  "/admin/alerts": page("admin"),
  "/admin/audit": page("admin"),
  "/admin/backups": page("operator"),
  "/admin/budgets": page("admin"),
  "/admin/doctor": page("admin"),
  "/admin/groups": page("admin"),
  "/admin/health": page("operator"),
  "/admin/jobs": page("admin"),
  "/admin/keys": page("admin"),
  "/admin/limits": page("admin"),
  "/admin/cache": page("admin"),
  "/admin/models": page("admin"),
  "/admin/prices": page("operator"),
  "/admin/providers": page("operator"),
  "/admin/providers/:provider": page("operator"),
  "/admin/providers/routes/:route": page("operator"),
  "/admin/requests": page("admin"),
  "/admin/requests/:request": page("admin"),
  "/admin/settings": page("admin"),
  "/admin/styleguide": page("admin"),
  "/admin/events": page("admin"),
  "/admin/mail": page("admin"),
  "/admin/webhooks": page("admin"),
  "/admin/usage": page("admin"),
  "/admin/users": page("admin"),
  "/admin/users/:user": page("admin"),

  "/api/session": api("anyone"),
  "/api/sessions": session("viewer"),
  "/api/sessions/:session": session("viewer"),
  "/api/password": session("viewer"),
  "/api/password/reset": api("anyone"),
  "/api/me": session("viewer"),
  "/api/me/data": session("viewer"),
  "/api/me/export": api("viewer"),
  "/api/users": api("admin"),
  "/api/users/:user": api("admin"),
  "/api/users/:user/export": api("admin"),
  "/api/users/:user/sessions": api("admin"),
  "/api/groups": api("admin"),
  "/api/groups/:group": api("admin"),
  "/api/health": api("operator"),
  "/api/health/events": api("operator"),
  "/api/invitations": api("admin"),
  "/api/invitations/:invitation": api("admin"),
  "/api/invitations/accept": api("anyone"),
  "/api/events": api("viewer"),
  "/api/events/:event": api("viewer"),
  "/api/webhooks": api("viewer", "member"),
  "/api/webhooks/:webhook": api("viewer", "member"),
  "/api/webhooks/:webhook/deliveries": api("viewer"),
  "/api/webhooks/:webhook/deliveries/:delivery": api("viewer"),
  "/api/webhooks/:webhook/deliveries/:delivery/resend": api("member"),
  "/api/webhooks/:webhook/replay": api("member"),
  "/api/webhooks/:webhook/secret": api("member"),
  "/api/webhooks/:webhook/test": api("member"),
  "/api/workspaces": api("viewer", "operator"),
  "/api/workspaces/:workspace": api("viewer", "owner"),
  "/api/jobs": api("viewer", "member"),
  "/api/jobs/:job": api("viewer"),
  "/api/jobs/:job/cancel": api("member"),
  "/api/jobs/:job/result": api("viewer"),
  "/api/jobs/:job/retry": api("member"),
  "/api/jobs/kinds/:kind/pause": api("admin"),
  "/api/jobs/kinds/:kind/resume": api("admin"),
  "/api/jobs/retry": api("admin"),
  "/api/jobs/statistics": api("admin"),
  "/api/keys": api("viewer", "member"),
  "/api/keys/:key": api("viewer", "member"),
  "/api/limits": api("admin"),
  "/api/limits/effective": api("viewer"),
  "/api/budgets": api("admin"),
  "/api/prices": api("viewer", "operator"),
  "/api/audit": api("admin"),
  "/api/audit/export": api("admin"),
  "/api/audit/verify": api("admin"),
  "/api/mail": api("admin"),
  "/api/settings": api("operator"),
  "/api/backups": api("operator"),
  "/api/backups/:backup": api("operator"),
  "/api/backups/:backup/check": api("operator"),
  "/api/backups/:backup/content": api("operator"),

  "/api/cache": api("admin"),
  "/api/cache/answers": api("admin"),
  "/api/cache/answers/:answer": api("admin"),
  "/api/cache/lookup": api("admin"),
  "/api/cache/purge": api("admin"),
  "/api/chat": api("member"),
  "/api/chat/:chat/cancel": api("member"),
  "/api/chat/:chat/stream": api("viewer"),
  "/api/documents": api("viewer", "member"),
  "/api/documents/search": api("viewer"),
  "/api/documents/:document": api("viewer", "member"),
  "/api/documents/:document/cancel": api("member"),
  "/api/documents/:document/chunks": api("viewer"),
  "/api/documents/:document/content": api("viewer"),
  "/api/documents/:document/profile": api("viewer"),
  "/api/documents/:document/reindex": api("member"),
  "/api/documents/:document/retry": api("member"),
  "/api/documents/:document/upload": api("viewer", "member"),
  "/api/live": api("viewer"),
  "/api/files/:file": api("viewer"),
  "/api/models": api("viewer"),
  "/api/models/settings": api("admin"),
  "/api/notifications": api("viewer"),
  "/api/notifications/:notification": api("viewer"),
  "/api/notifications/read": api("viewer"),
  "/api/notifications/settings": api("viewer"),
  "/api/projects": api("viewer", "member"),
  "/api/projects/:project": api("viewer", "member"),
  "/api/projects/:project/restore": api("member"),
  "/api/providers": api("operator"),
  "/api/providers/:provider": api("operator"),
  "/api/providers/:provider/test": api("operator"),
  "/api/providers/local": api("operator"),
  "/api/providers/test": api("operator"),
  "/api/routes": api("operator"),
  "/api/routes/:route": api("operator"),
  "/api/reports/usage/send": api("admin"),
  "/api/requests": api("admin"),
  "/api/requests/:request": api("admin"),
  "/api/runs/:run": api("viewer"),
  "/api/runs/:run/background": api("member"),
  "/api/runs/:run/cancel": api("member"),
  "/api/runs/:run/continue": api("member"),
  "/api/runs/:run/events": api("viewer"),
  "/api/runs/:run/sources": api("viewer"),
  "/api/schedules": api("viewer", "member"),
  "/api/schedules/:schedule": api("viewer", "member"),
  "/api/schedules/:schedule/pause": api("member"),
  "/api/schedules/:schedule/resume": api("member"),
  "/api/schedules/:schedule/run": api("member"),
  "/api/schedules/:schedule/runs": api("viewer"),
  "/api/schedules/preview": api("viewer"),
  "/api/search": api("viewer"),
  "/api/stream": api("member"),
  "/api/tags": api("viewer", "member"),
  "/api/tags/:name": api("viewer", "member"),
  "/api/tasks": api("viewer", "member"),
  "/api/tasks/:task": api("viewer", "member"),
  "/api/tasks/:task/restore": api("member"),
  "/api/tasks/:task/run": api("member"),
  "/api/threads": api("viewer", "member"),
  "/api/threads/:thread": api("viewer", "member"),
  "/api/threads/:thread/messages": api("viewer", "member"),
  "/api/threads/:thread/read": api("viewer"),
  "/api/threads/:thread/restore": api("member"),
  "/api/threads/:thread/runs": api("member"),

  "/v1/batches": v1("viewer", "member"),
  "/v1/batches/:batch": v1("viewer"),
  "/v1/batches/:batch/cancel": v1("member"),
  "/api/alerts": api("admin"),
  "/api/alerts/history": api("admin"),
  "/api/alerts/rules": api("admin"),
  "/api/alerts/rules/:rule": api("admin"),
  "/api/alerts/silences": api("admin"),
  "/api/alerts/test": api("admin"),
  "/api/doctor/echo": api("viewer"),
  "/api/doctor/socket": api("viewer"),
  "/api/doctor/stream": api("viewer"),
  "/api/anomalies": api("admin", "member"),
  "/api/usage": api("viewer"),
  "/api/usage.csv": api("viewer"),

  "/v1/chat/completions": v1("member"),
  "/v1/completions": v1("member"),
  "/v1/embeddings": v1("member"),
  "/v1/files": v1("viewer", "member"),
  "/v1/files/:file": v1("viewer", "member"),
  "/v1/files/:file/content": v1("viewer"),
  "/v1/models": v1("viewer"),
  "/v1/models/:id*": v1("viewer"),
  "/v1/responses": v1("member"),
  "/v1/responses/:response": v1("viewer", "member"),
  "/v1/responses/:response/cancel": v1("member"),
  "/v1/responses/:response/input_items": v1("viewer"),
  "/v1/runs/:run": v1("viewer"),
  "/v1/runs/:run/cancel": v1("member"),
  "/v1/runs/:run/events": v1("viewer"),
  "/v1/streams/:run": v1("viewer"),
};

/** What the caller of a route must be, for one method. */
export function needOf({ read, write }: Access, method: string): Need {
  return isRead(method) ? read : write;
}

/**
 * Checks whether a caller may call a route.
 * @param route pattern of it
 * @throws {AppError} 401 `sign_in_needed` or `invalid_api_key`, 403 `forbidden`
 */
export function checkAccess(
  route: string,
  method: string,
  caller: Caller | null,
): void {
  const access = ACCESS[route];
  if (access === undefined) throw forbidden("Nobody may call this address.");
  const need = needOf(access, method);
  if (need === "anyone") return;
  if (caller === null) throw signInNeeded(access.surface);
  const refusal = isRead(method) || !caller.key?.isReadOnly
    ? refusalOf(access.surface, need, caller)
    : "This API key may only read.";
  if (refusal !== null) throw forbidden(refusal);
}

/** Why a caller may not, in a sentence; null: they may. */
function refusalOf(
  surface: Surface,
  need: Exclude<Need, "anyone">,
  caller: Caller,
): string | null {
  const { key } = caller;
  if (key !== null) {
    if (surface === "session") return "An API key cannot do this; sign in.";
    const scope = surface === "page" ? "api" : surface;
    const isManaging = need === "admin" || need === "owner" ||
      need === "operator";
    const isScoped = key.scopes.includes(scope) ||
      (isManaging && key.scopes.includes("admin"));
    if (!isScoped) return `This API key lacks the scope "${scope}".`;
    if (surface === "metrics") {
      return caller.isOperator ? null : "This takes an admin of the server.";
    }
  }
  if (need === "operator") {
    return caller.isOperator && mayActAs(caller, "admin")
      ? null
      : "This takes an admin of the server.";
  }
  return mayActAs(caller, need)
    ? null
    : `This takes the role ${need} or more${
      key === null ? "" : ", and a key that allows it"
    }.`;
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function forbidden(message: string): AppError {
  return new AppError({ status: 403, code: "forbidden", message });
}

/** The refusal of a request that says nothing of who makes it. */
export function signInNeeded(surface: Surface): AppError {
  return surface === "v1" || surface === "metrics"
    ? new AppError({
      status: 401,
      code: "invalid_api_key",
      message:
        "No API key was given. Send it as the header Authorization: Bearer frk_….",
      headers: { "www-authenticate": "Bearer" },
    })
    : new AppError({
      status: 401,
      code: "sign_in_needed",
      message: "Sign in first, or send an API key.",
      headers: { "www-authenticate": "Bearer" },
    });
}
