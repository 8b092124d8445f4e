/** Finds out who makes a request. */
import type { Context } from "fresh";
import { type Caller, FIRST_USER, FIRST_WORKSPACE } from "@/lib/auth/caller.ts";
import { checkLocal } from "@/lib/auth/local_guard.ts";
import type { State } from "@/utils.ts";

/**
 * Who makes a request; null: nobody who is known here.
 * @throws {AppError} 403 `local_only`, 401 `invalid_api_key`
 */
export function identify(ctx: Context<State>): Caller | null {
  const { config } = ctx.state.services;
  const refused = checkLocal(ctx.req, config.apiKey);
  if (refused !== null) throw refused;
  return localCaller("127.0.0.1");
}

/** The one owner of local mode. */
function localCaller(address: string): Caller {
  return {
    mode: "local",
    workspace: FIRST_WORKSPACE,
    user: FIRST_USER,
    role: "owner",
    isOperator: true,
    groups: [],
    key: null,
    session: null,
    address,
  };
}
