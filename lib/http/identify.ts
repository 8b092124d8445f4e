/** Finds out who makes a request. */
import { invalidApiKey } from "@/lib/auth/access_ended.ts";
import { readApiKeyToken } from "@/lib/auth/api_key_token.ts";
import type { ApiKeys } from "@/lib/auth/api_keys.ts";
import type { AuthMode, Caller } from "@/lib/auth/caller.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { keyAllows } from "@/lib/auth/key_allows.ts";
import { checkLocal } from "@/lib/auth/local_guard.ts";
import type { Standing } from "@/lib/auth/records.ts";
import type { Sessions } from "@/lib/auth/sessions.ts";
import { AppError } from "@/lib/errors.ts";
import type { Surface } from "./access.ts";
import type { ClientAddress } from "./client_address.ts";
import { readSessionToken } from "./session_cookie.ts";

export interface IdentificationParts {
  mode: AuthMode;
  publicUrl: string | null;
  apiKeys: Pick<ApiKeys, "find">;
  sessions: Pick<Sessions, "find">;
  /** What a user may do in a workspace; null: nothing. */
  standing: (user: string, workspace: string) => Promise<Standing | null>;
}

/** Names the workspace that a request acts in, where it is not the session's own. */
const WORKSPACE_HEADER = "x-freshet-workspace";

export class Identification {
  readonly #parts: IdentificationParts;

  constructor(parts: IdentificationParts) {
    this.#parts = parts;
  }

  /**
   * Who makes a request; null: nobody who is known here.
   * @param surface of the route; null: the address has none
   * @throws {AppError} 401 `invalid_api_key`, 403 `local_only` and what `keyAllows` refuses, 404 for a
   *   workspace that the session's user is not in
   */
  async identify(
    request: Request,
    client: ClientAddress,
    surface: Surface | null,
  ): Promise<Caller | null> {
    if (this.#parts.mode === "local") {
      const refused = checkLocal(request);
      if (refused !== null) throw refused;
    }
    const token = readApiKeyToken(request.headers);
    if (token !== null) {
      return await this.#byKey(token, request, client, surface);
    }
    if (this.#parts.mode === "local") return localOwner(client);
    if (surface === "v1") {
      // What no page asks for is not to be had by a page's cookie.
      if (request.headers.has("authorization")) throw invalidApiKey();
      return null;
    }
    const cookie = readSessionToken(
      request.headers,
      isSecure(client, this.#parts.publicUrl),
    );
    return cookie === null
      ? null
      : await this.#bySession(cookie, request.headers, client);
  }

  async #byKey(
    token: string,
    request: Request,
    { address }: ClientAddress,
    surface: Surface | null,
  ): Promise<Caller> {
    const { apiKeys, mode, standing } = this.#parts;
    const found = await apiKeys.find(token);
    const now = found && await standing(found.user, found.workspace);
    if (found === null || now === null) throw invalidApiKey();
    const { key, user, workspace } = found;
    if (surface !== null) {
      const refused = keyAllows(key, {
        surface,
        method: request.method,
        path: new URL(request.url).pathname,
      });
      if (refused !== null) throw refused;
    }
    return { mode, workspace, user, ...now, key, session: null, address };
  }

  async #bySession(
    token: string,
    headers: Headers,
    { address }: ClientAddress,
  ): Promise<Caller | null> {
    const { mode, sessions } = this.#parts;
    const workspace = headers.get(WORKSPACE_HEADER);
    const found = await sessions.find(token, { workspace, address });
    if (found === null) {
      if (workspace === null || await sessions.find(token) === null) {
        return null;
      }
      throw new AppError({
        status: 404,
        code: "not_found",
        message: "There is no such workspace, or you are not in it.",
      });
    }
    const { id, user, role, groups, isOperator } = found;
    return {
      mode,
      workspace: found.workspace,
      user,
      role,
      groups,
      isOperator,
      key: null,
      session: id,
      address,
    };
  }
}

/** The one owner of local mode, who is everyone on this machine. */
function localOwner({ address }: ClientAddress): Caller {
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

/** Whether the browser speaks https, be it to a proxy. */
export function isSecure(
  { protocol }: ClientAddress,
  publicUrl: string | null,
): boolean {
  return protocol === "https" || (publicUrl?.startsWith("https:") ?? false);
}
