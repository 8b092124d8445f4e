/** API keys: made, shown once, known by their hash from then on, changed and revoked. */
import { LRUCache } from "lru-cache";
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { Clock } from "@/lib/clock.ts";
import { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import { ADMIN_KEY_SCOPES } from "@/lib/shared/key_scopes.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Key, Page } from "@/lib/shared/wire.ts";
import type { AccessChanges } from "./access_changes.ts";
import { assertWithin } from "./api_key_bounds.ts";
import type { ApiKeyPatch, NewApiKey } from "./api_key_input.ts";
import type { ApiKeyBudget, ApiKeyLimits } from "./api_key_limits.ts";
import {
  type ApiKeyRecord,
  hasExpired,
  toCallerKey,
  toKey,
} from "./api_key_record.ts";
import type { ApiKeyStore, LoadedApiKey } from "./api_key_store.ts";
import {
  hashApiKeyToken,
  isApiKeyToken,
  lastCharacters,
  newApiKeyToken,
} from "./api_key_token.ts";
import { type Caller, type CallerKey, mayActAs } from "./caller.ts";

/** Decides whether a change may be made to this version; throws when not. */
type AcceptVersion = (version: number) => void;

/** Whose a key is, and what it may be used for. */
export interface FoundApiKey {
  key: CallerKey;
  /** `usr_` id. What the user may now is not the key's to say. */
  user: string;
  /** `wsp_` id. */
  workspace: string;
}

/** What a key has of limits of its own. */
export interface ApiKeyPolicies {
  limits: ApiKeyLimits | null;
  budget: ApiKeyBudget | null;
}

export interface ApiKeysParts {
  store: ApiKeyStore;
  clock: Clock;
  log: Logger;
  /** Told at once of each key that was revoked in this process. */
  changes: AccessChanges;
}

/** How long what was read of a key holds, in milliseconds. */
const FRESH_MS = 1_000;

/** How often a use of a key is written down at most, in milliseconds. */
const USE_EVERY_MS = 60_000;

const MOST_REMEMBERED = 10_000;

interface Remembered {
  /** Monotonic time at which it was asked for. */
  atMs: number;
  record: Promise<ApiKeyRecord | null>;
  /** `key_` id, once it is known. */
  id: string | null;
}

const NO_POLICIES: ApiKeyPolicies = { limits: null, budget: null };

export class ApiKeys {
  readonly #parts: ApiKeysParts;
  /** By the hash of the key, known or not. */
  readonly #remembered = new LRUCache<string, Remembered>({
    max: MOST_REMEMBERED,
  });
  /** Limits by the id of the key, as they were when it was read last. */
  readonly #policies = new LRUCache<string, ApiKeyPolicies>({
    max: MOST_REMEMBERED,
  });
  /** When this process has written down a use, by the id of the key; monotonic. */
  readonly #used = new LRUCache<string, number>({ max: MOST_REMEMBERED });

  constructor(parts: ApiKeysParts) {
    this.#parts = parts;
  }

  /**
   * Whose key this is; null for one that is not known, was revoked or has expired. One read of the store,
   * or what was read less than a second ago. A user that is disabled or not there any more is not seen
   * here: ask `Users.caller` for what they may.
   */
  async find(token: string): Promise<FoundApiKey | null> {
    if (!isApiKeyToken(token)) return null;
    const record = await this.#read(hashApiKeyToken(token));
    if (record === null || hasExpired(record, this.#parts.clock.now())) {
      return null;
    }
    this.#noteUse(record);
    const { user, workspace } = record;
    return { key: toCallerKey(record), user, workspace };
  }

  /** Limits of a key's own, without a read: as they were when a request came with it last. */
  policiesOf(id: string): ApiKeyPolicies | null {
    return this.#policies.get(id) ?? null;
  }

  /** Limits of a key's own as they are now; none for a key that is not there. */
  async readPolicies(
    workspace: string,
    id: string,
  ): Promise<ApiKeyPolicies> {
    const loaded = await this.#parts.store.load(workspace, id);
    if (loaded === null) return NO_POLICIES;
    return this.#keepPolicies(loaded.record);
  }

  /**
   * Makes a key of the caller's.
   * @returns `token` is the key itself, which nobody can see again
   * @throws {AppError} 403 `key_needs_admin`, `key_exceeds_caller` or `keys_not_manageable`
   */
  async create(
    caller: Caller,
    input: NewApiKey,
  ): Promise<{ key: Key; token: string }> {
    const now = new Date(this.#parts.clock.now()).toISOString();
    const token = newApiKeyToken();
    const { readOnly, ...rest } = input;
    const record: ApiKeyRecord = {
      v: 1,
      id: newId("key"),
      workspace: caller.workspace,
      user: caller.user,
      ...rest,
      isReadOnly: readOnly,
      hash: hashApiKeyToken(token),
      last: lastCharacters(token),
      isFromSetting: false,
      createdAt: now,
      updatedAt: now,
      version: 1,
    };
    await this.#assertMayGive(caller, record);
    const ok = await this.#parts.store.create(
      record,
      auditEvent("key.created", {
        ...by(caller),
        subject: record.id,
        details: factsOf(record),
      }),
    );
    if (!ok) throw new Error(`Key "${record.id}" is there already`);
    this.#remembered.delete(record.hash);
    return { key: toKey(record, null), token };
  }

  /**
   * Keys, newest first.
   * @param of `all` of the workspace, or those of a user; without it, the caller's own
   * @throws {AppError} 403 `forbidden` for other people's keys unless the caller is an admin
   */
  async list(
    caller: Caller,
    { limit, cursor }: PageQuery,
    of: string | null = null,
  ): Promise<Page<Key>> {
    const user = of === "all" ? null : of ?? caller.user;
    if (user !== caller.user) assertAdmin(caller);
    const { store } = this.#parts;
    const records = await store.list(
      caller.workspace,
      user,
      beforeId("key", cursor),
      limit + 1,
    );
    const shown = records.slice(0, limit);
    const uses = await store.lastUses(
      caller.workspace,
      shown.map(({ id }) => id),
    );
    return {
      items: shown.map((record) => toKey(record, uses.get(record.id) ?? null)),
      nextCursor: records.length > limit ? shown[limit - 1].id : null,
    };
  }

  /** A key of the caller's, or any of the workspace for an admin. @throws {AppError} 404 `not_found` */
  async require(caller: Caller, id: string): Promise<Key> {
    const { record } = await this.#load(caller, id);
    const uses = await this.#parts.store.lastUses(caller.workspace, [id]);
    return toKey(record, uses.get(id) ?? null);
  }

  /**
   * Changes what the patch names; what the key was for others goes on as it was begun.
   * @throws {AppError} 404 `not_found`; 403 `forbidden` for another's key, or as `create` does; what
   * `accept` throws
   */
  async update(
    caller: Caller,
    id: string,
    patch: ApiKeyPatch,
    accept: AcceptVersion,
  ): Promise<Key> {
    const { readOnly, ...rest } = patch;
    const isReadOnly = readOnly === undefined ? {} : { isReadOnly: readOnly };
    return await retryOnConflict(async () => {
      const old = await this.#load(caller, id);
      if (old.record.user !== caller.user) {
        throw forbidden(
          "forbidden",
          "Only its user changes a key; an admin revokes it, or limits it by a policy.",
        );
      }
      accept(old.record.version);
      const record = {
        ...old.record,
        ...rest,
        ...isReadOnly,
        updatedAt: new Date(this.#parts.clock.now()).toISOString(),
        version: old.record.version + 1,
      };
      await this.#assertMayGive(caller, record);
      const event = auditEvent("key.changed", {
        ...by(caller),
        subject: id,
        details: { ...factsOf(record), fields: Object.keys(patch) },
      });
      if (!await this.#parts.store.replace(old, record, event)) {
        return "conflict";
      }
      this.#forget(record);
      this.#keepPolicies(record);
      const uses = await this.#parts.store.lastUses(caller.workspace, [id]);
      return toKey(record, uses.get(id) ?? null);
    });
  }

  /**
   * Ends a key: at once in this process, also for what is under way, and within a second elsewhere.
   * @throws {AppError} 404 `not_found`; 403 `keys_not_manageable`; what `accept` throws
   */
  async revoke(
    caller: Caller,
    id: string,
    accept: AcceptVersion,
  ): Promise<void> {
    assertMayManage(caller);
    await retryOnConflict(async () => {
      const old = await this.#load(caller, id);
      accept(old.record.version);
      const { name, user } = old.record;
      const reason = user === caller.user ? "user" : "admin";
      const event = auditEvent("key.revoked", {
        ...by(caller),
        subject: id,
        details: { name, user, reason },
      });
      if (!await this.#parts.store.revoke(old, reason, event)) {
        return "conflict";
      }
      this.#forget(old.record);
      const { workspace } = caller;
      this.#parts.changes.tell({ user, workspace, key: id });
      return null;
    });
  }

  /** Somebody has seen that keys have ended: they are asked for again, not remembered. */
  forget(ids: ReadonlySet<string>): void {
    for (const [hash, { id }] of this.#remembered.entries()) {
      if (id !== null && ids.has(id)) this.#remembered.delete(hash);
    }
  }

  /** Forgets everything that was read; the store is asked again. */
  forgetAll(): void {
    this.#remembered.clear();
    this.#policies.clear();
  }

  #read(hash: string): Promise<ApiKeyRecord | null> {
    const atMs = this.#parts.clock.monotonic();
    const seen = this.#remembered.get(hash);
    if (seen !== undefined && atMs - seen.atMs < FRESH_MS) return seen.record;
    const record = this.#parts.store.findByHash(hash);
    const remembered: Remembered = { atMs, record, id: null };
    this.#remembered.set(hash, remembered);
    record.then(
      (found) => {
        if (found === null) return;
        remembered.id = found.id;
        this.#keepPolicies(found);
      },
      () => {
        if (this.#remembered.peek(hash) === remembered) {
          this.#remembered.delete(hash);
        }
      },
    );
    return record;
  }

  #keepPolicies({ id, limits, budget }: ApiKeyRecord): ApiKeyPolicies {
    const policies = { limits, budget };
    this.#policies.set(id, policies);
    return policies;
  }

  #forget({ hash, id }: ApiKeyRecord): void {
    this.#remembered.delete(hash);
    this.#policies.delete(id);
  }

  /** Behind the request, which does not wait for it. */
  #noteUse({ workspace, id }: ApiKeyRecord): void {
    const { clock, store, log } = this.#parts;
    const nowMs = clock.monotonic();
    const usedMs = this.#used.get(id);
    if (usedMs !== undefined && nowMs - usedMs < USE_EVERY_MS) return;
    this.#used.set(id, nowMs);
    store.writeUse(workspace, id, clock.now()).catch((error) =>
      log.warn("Use of a key was not written down", { key: id, error })
    );
  }

  async #load(caller: Caller, id: string): Promise<LoadedApiKey> {
    const loaded = isId("key", id)
      ? await this.#parts.store.load(caller.workspace, id)
      : null;
    const isTheirs = loaded !== null &&
      (loaded.record.user === caller.user || mayActAs(caller, "admin"));
    if (!isTheirs) throw notFound("key");
    return loaded;
  }

  /** @throws {AppError} 403 when the key would be able to do more than who makes it */
  async #assertMayGive(caller: Caller, record: ApiKeyRecord): Promise<void> {
    assertMayManage(caller);
    const needsAdmin = record.scopes.filter((scope) =>
      ADMIN_KEY_SCOPES.includes(scope)
    );
    if (needsAdmin.length > 0 && !mayActAs(caller, "admin")) {
      throw forbidden(
        "key_needs_admin",
        `Only admins make keys with the scope ${needsAdmin.join(" or ")}.`,
      );
    }
    if (caller.key === null) return;
    const own = await this.#parts.store.load(caller.workspace, caller.key.id);
    if (own === null) throw notFound("key");
    assertWithin(own.record, record);
  }
}

/**
 * A key with no more than the scope `api` cannot make another: whoever finds it could go on with that
 * one after it was revoked.
 */
function assertMayManage({ key }: Caller): void {
  if (key === null || key.scopes.includes("admin") && !key.isReadOnly) return;
  throw forbidden(
    "keys_not_manageable",
    "Keys are managed by people who are signed in, or by a key with the scope admin.",
  );
}

function assertAdmin(caller: Caller): void {
  if (mayActAs(caller, "admin")) return;
  throw forbidden("forbidden", "Other people's keys are for admins to see.");
}

function forbidden(code: string, message: string): AppError {
  return new AppError({ status: 403, code, message });
}

function factsOf(
  { name, user, scopes, models, expiresAt, isReadOnly }: ApiKeyRecord,
) {
  return { name, user, scopes, models, expiresAt, isReadOnly };
}
