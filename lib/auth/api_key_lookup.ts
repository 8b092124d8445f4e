/** Finds the keys that requests bring, and remembers for a moment what was read of them. */
import { LRUCache } from "lru-cache";
import type { Clock } from "@/lib/clock.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { ApiKeyBudget, ApiKeyLimits } from "./api_key_limits.ts";
import {
  type ApiKeyRecord,
  hasExpired,
  toCallerKey,
} from "./api_key_record.ts";
import type { ApiKeyStore } from "./api_key_store.ts";
import { hashApiKeyToken, isApiKeyToken } from "./api_key_token.ts";
import type { CallerKey } from "./caller.ts";

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

export interface ApiKeyLookupParts {
  store: ApiKeyStore;
  clock: Clock;
  log: Logger;
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

export class ApiKeyLookup {
  readonly #parts: ApiKeyLookupParts;
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

  constructor(parts: ApiKeyLookupParts) {
    this.#parts = parts;
  }

  /** See `ApiKeys.find`. */
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

  /** See `ApiKeys.policiesOf`. */
  policiesOf(id: string): ApiKeyPolicies | null {
    return this.#policies.get(id) ?? null;
  }

  /** See `ApiKeys.readPolicies`. */
  async readPolicies(
    workspace: string,
    id: string,
  ): Promise<ApiKeyPolicies> {
    const loaded = await this.#parts.store.load(workspace, id);
    return loaded === null ? NO_POLICIES : this.#keepPolicies(loaded.record);
  }

  /** A key is new, or other than it was: what was read before counts no more. */
  changed(record: ApiKeyRecord): void {
    this.#remembered.delete(record.hash);
    this.#keepPolicies(record);
  }

  /** Keys have ended: they are asked for again, and so is what is just being read. */
  forget(ids: ReadonlySet<string>): void {
    for (const [hash, { id }] of this.#remembered.entries()) {
      if (id === null || ids.has(id)) this.#remembered.delete(hash);
    }
    for (const id of ids) this.#policies.delete(id);
  }

  #read(hash: string): Promise<ApiKeyRecord | null> {
    const atMs = this.#parts.clock.monotonic();
    const seen = this.#remembered.get(hash);
    if (seen !== undefined && atMs - seen.atMs < FRESH_MS) return seen.record;
    const record = this.#parts.store.findByHash(hash);
    const remembered: Remembered = { atMs, record, id: null };
    this.#remembered.set(hash, remembered);
    record.then(
      (found) => this.#keep(hash, remembered, found),
      () => this.#drop(hash, remembered),
    );
    return record;
  }

  #keep(hash: string, to: Remembered, found: ApiKeyRecord | null): void {
    // It may have ended while it was being read.
    if (found === null || this.#remembered.peek(hash) !== to) return;
    to.id = found.id;
    this.#keepPolicies(found);
  }

  #drop(hash: string, remembered: Remembered): void {
    if (this.#remembered.peek(hash) === remembered) {
      this.#remembered.delete(hash);
    }
  }

  #keepPolicies({ id, limits, budget }: ApiKeyRecord): ApiKeyPolicies {
    const policies = { limits, budget };
    this.#policies.set(id, policies);
    return policies;
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
}
