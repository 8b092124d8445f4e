/**
 * Who has asked for work that is done later: what they may do is looked up when it is done, since a key may
 * have been revoked, and a user have left, in between.
 */
import type { Clock } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import { invalidApiKey } from "./access_ended.ts";
import { hasExpired, toCallerKey } from "./api_key_record.ts";
import type { ApiKeyStore } from "./api_key_store.ts";
import type { Asker } from "./asker.ts";
import type { AuthMode, Caller, CallerKey } from "./caller.ts";
import { keyAllows } from "./key_allows.ts";
import { isAtLeast } from "./roles.ts";
import type { Standings } from "./standings.ts";

/** What is kept of a caller whose work is done later. */
export interface StoredCaller {
  workspace: string;
  user: string;
  /** `key_` id; null: a session, or local mode. */
  key: string | null;
  /** Address that the request came from. */
  address: string | null;
}

export interface StoredCallersParts {
  mode: AuthMode;
  keys: Pick<ApiKeyStore, "load">;
  standings: Pick<Standings, "find">;
  clock: Pick<Clock, "now">;
}

export function storedCaller(
  { workspace, user, key, address }: Caller,
): StoredCaller {
  return { workspace, user, key: key?.id ?? null, address };
}

export class StoredCallers {
  readonly #parts: StoredCallersParts;

  constructor(parts: StoredCallersParts) {
    this.#parts = parts;
  }

  /**
   * The caller as they may ask a model now.
   * @param path of the endpoint that is asked, for example `/v1/embeddings`
   * @throws {AppError} 401 `invalid_api_key`; 403 `forbidden` for who is in the workspace no more or only
   *   reads there, and what a key does not allow
   */
  async asker(caller: StoredCaller, path: string): Promise<Asker> {
    const { workspace, user, address } = caller;
    const [key, groups] = await Promise.all([
      this.#key(caller),
      this.#groups(caller),
    ]);
    const refused = key === null
      ? null
      : keyAllows(key, { surface: "v1", method: "POST", path });
    if (refused !== null) throw refused;
    return {
      workspace,
      user,
      key: key?.id ?? null,
      models: key?.models ?? null,
      groups,
      address,
    };
  }

  async #key({ workspace, key }: StoredCaller): Promise<CallerKey | null> {
    if (key === null) return null;
    const { keys, clock } = this.#parts;
    const loaded = await keys.load(workspace, key);
    if (loaded === null || hasExpired(loaded.record, clock.now())) {
      throw invalidApiKey();
    }
    return toCallerKey(loaded.record);
  }

  async #groups({ workspace, user }: StoredCaller): Promise<string[]> {
    const { mode, standings } = this.#parts;
    const standing = await standings.find(user, workspace);
    // The owner of local mode is everyone on this machine, whatever the store says of them.
    if (mode === "local") return standing?.groups ?? [];
    if (standing !== null && isAtLeast(standing.role, "member")) {
      return standing.groups;
    }
    throw new AppError({
      status: 403,
      code: "forbidden",
      message: standing === null
        ? "Who asked for this is in the workspace no more."
        : "Who asked for this may only read in the workspace now.",
    });
  }
}
