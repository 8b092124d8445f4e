/** An API key in the store, and what others see of it. */
import type { Key } from "@/lib/shared/wire.ts";
import type { ApiKeyBudget, ApiKeyLimits } from "./api_key_limits.ts";
import type { CallerKey, KeyScope } from "./caller.ts";

export interface ApiKeyRecord {
  v: 1;
  /** `key_` id. */
  id: string;
  /** `wsp_` id of the workspace it acts in. */
  workspace: string;
  /** `usr_` id of whose key it is. */
  user: string;
  name: string;
  /** SHA-256 of the key. The key itself is nowhere. */
  hash: string;
  /** Last three characters of the key. */
  last: string;
  scopes: KeyScope[];
  models: string[] | null;
  endpoints: string[] | null;
  isReadOnly: boolean;
  /** RFC 3339, or null: never. */
  expiresAt: string | null;
  limits: ApiKeyLimits | null;
  budget: ApiKeyBudget | null;
  /** It is the one that `FRESHET_API_KEY` names. */
  isFromSetting: boolean;
  createdAt: string;
  updatedAt: string;
  version: number;
}

/** Whether a key does not work any more at a time in milliseconds since 1970 UTC. */
export function hasExpired(
  { expiresAt }: Pick<ApiKeyRecord, "expiresAt">,
  nowMs: number,
): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= nowMs;
}

/** What a request by the key shows of it. */
export function toCallerKey(record: ApiKeyRecord): CallerKey {
  const { id, scopes, models, endpoints, isReadOnly, limits, budget } = record;
  return { id, scopes, models, endpoints, isReadOnly, limits, budget };
}

/** What people see; the hash stays inside. */
export function toKey(record: ApiKeyRecord, lastUsedMs: number | null): Key {
  return {
    id: record.id,
    userId: record.user,
    name: record.name,
    prefix: "frk_",
    lastCharacters: record.last,
    scopes: record.scopes,
    models: record.models,
    endpoints: record.endpoints,
    readOnly: record.isReadOnly,
    expiresAt: record.expiresAt,
    limits: record.limits,
    budget: record.budget,
    fromSetting: record.isFromSetting,
    lastUsedAt: lastUsedMs === null ? null : new Date(lastUsedMs).toISOString(),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    version: record.version,
  };
}
