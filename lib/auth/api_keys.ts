/** API keys: made, shown once, known by their hash from then on, changed and revoked. */
import { auditEvent, by } from "@/lib/audit/audit_event.ts";
import { beforeId } from "@/lib/chat/id_cursor.ts";
import { notFound } from "@/lib/chat/refusals.ts";
import { retryOnConflict } from "@/lib/chat/retry_on_conflict.ts";
import type { Clock } from "@/lib/clock.ts";
import { isId, newId } from "@/lib/shared/ids.ts";
import type { PageQuery } from "@/lib/shared/page_query.ts";
import type { Key, Page } from "@/lib/shared/wire.ts";
import type { AccessChanges } from "./access_changes.ts";
import type { ApiKeyPatch, NewApiKey } from "./api_key_input.ts";
import type {
  ApiKeyLookup,
  ApiKeyPolicies,
  FoundApiKey,
} from "./api_key_lookup.ts";
import { type ApiKeyRecord, toKey } from "./api_key_record.ts";
import {
  assertAdmin,
  assertMayGive,
  assertMayManage,
  notYours,
} from "./api_key_rights.ts";
import type { ApiKeyStore, LoadedApiKey } from "./api_key_store.ts";
import {
  hashApiKeyToken,
  lastCharacters,
  newApiKeyToken,
} from "./api_key_token.ts";
import { type Caller, mayActAs } from "./caller.ts";

/** Decides whether a change may be made to this version; throws when not. */
type AcceptVersion = (version: number) => void;

export interface ApiKeysParts {
  store: ApiKeyStore;
  lookup: ApiKeyLookup;
  clock: Clock;
  /** Told at once of each key that was revoked in this process. */
  changes: AccessChanges;
}

export class ApiKeys {
  readonly #parts: ApiKeysParts;

  constructor(parts: ApiKeysParts) {
    this.#parts = parts;
    // Whoever ends a key, it works no more here.
    parts.changes.subscribe(({ key }) => {
      if (key !== null) parts.lookup.forget(new Set([key]));
    });
  }

  /**
   * Whose key this is; null for one that is not known, was revoked or has expired. One read of the store,
   * or what was read less than a second ago. A user that is disabled or not there any more is not seen
   * here: ask `Users.caller` for what they may.
   */
  find(token: string): Promise<FoundApiKey | null> {
    return this.#parts.lookup.find(token);
  }

  /** Limits of a key's own, without a read: as they were when a request came with it last. */
  policiesOf(id: string): ApiKeyPolicies | null {
    return this.#parts.lookup.policiesOf(id);
  }

  /** Limits of a key's own as they are now; none for a key that is not there. */
  readPolicies(workspace: string, id: string): Promise<ApiKeyPolicies> {
    return this.#parts.lookup.readPolicies(workspace, id);
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
    await assertMayGive(caller, record, this.#parts.store);
    const ok = await this.#parts.store.create(
      record,
      auditEvent("key.created", {
        ...by(caller),
        subject: record.id,
        details: factsOf(record),
      }),
    );
    if (!ok) throw new Error(`Key "${record.id}" is there already`);
    this.#parts.lookup.changed(record);
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

  /** Those of the keys that are there, with their names, whoever's they are. */
  async named(
    workspace: string,
    ids: readonly string[],
  ): Promise<{ id: string; name: string }[]> {
    const found = await this.#parts.store
      .loadMany(ids.map((id) => ({ workspace, id })));
    return [...found.values()].map(({ id, name }) => ({ id, name }));
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
        throw notYours();
      }
      accept(old.record.version);
      const record = {
        ...old.record,
        ...rest,
        ...isReadOnly,
        updatedAt: new Date(this.#parts.clock.now()).toISOString(),
        version: old.record.version + 1,
      };
      await assertMayGive(caller, record, this.#parts.store);
      const event = auditEvent("key.changed", {
        ...by(caller),
        subject: id,
        details: { ...factsOf(record), fields: Object.keys(patch) },
      });
      if (!await this.#parts.store.replace(old, record, event)) {
        return "conflict";
      }
      this.#parts.lookup.changed(record);
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
      const { workspace } = caller;
      this.#parts.changes.tell({ user, workspace, key: id });
      return null;
    });
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
}

function factsOf(
  { name, user, scopes, models, expiresAt, isReadOnly }: ApiKeyRecord,
) {
  return { name, user, scopes, models, expiresAt, isReadOnly };
}
