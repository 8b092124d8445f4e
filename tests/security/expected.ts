/**
 * What each caller is to be answered on each route: worked out of the lines of the access table by rules
 * that are spelled here once more, so that a rule which went wrong there does not go wrong here too.
 */
import { ACCESS, type Need } from "@/lib/http/access.ts";
import type { Actor } from "./two_workspaces.ts";

const RANK: Record<string, number> = {
  viewer: 0,
  member: 1,
  admin: 2,
  owner: 3,
};

/** An actor with what their key may, as they were made. */
export interface KeyedActor extends Actor {
  scopes: readonly string[] | null;
  isReadOnly: boolean;
}

function isRead(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

function hasRole(actor: KeyedActor, need: Need): boolean {
  const caller = actor.caller!;
  if (need === "operator") return caller.isOperator;
  return RANK[caller.role] >= RANK[need];
}

/**
 * The status by which somebody is kept out of a route, or null: they are let in.
 * @throws for a route that has no line in the table
 */
export function keptOut(
  pattern: string,
  method: string,
  actor: KeyedActor,
): number | null {
  const access = ACCESS[pattern];
  if (access === undefined) {
    throw new Error(`Route "${pattern}" has no line in lib/http/access.ts`);
  }
  const need = isRead(method) ? access.read : access.write;
  const { surface } = access;
  const isSession = actor.caller !== null && actor.scopes === null;
  const isNobody = actor.caller === null || (surface === "v1" && isSession);
  if (actor.isReadOnly && !isRead(method)) return 403;
  if (need === "anyone") return null;
  if (isNobody) return surface === "page" ? 303 : 401;
  const { scopes } = actor;
  if (scopes !== null) {
    if (surface === "session") return 403;
    const wanted = surface === "page" ? "api" : surface;
    const manages = need === "admin" || need === "owner" || need === "operator";
    if (!scopes.includes(wanted) && !(manages && scopes.includes("admin"))) {
      return 403;
    }
    if (manages && surface !== "metrics") {
      if (!scopes.includes("admin")) return 403;
    }
  }
  return hasRole(actor, need) ? null : 403;
}
