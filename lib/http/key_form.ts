/** The forms of API keys, as they come without a script. */
import {
  apiKeyPatchSchema,
  newApiKeySchema,
} from "@/lib/auth/api_key_input.ts";
import type { ApiKeys } from "@/lib/auth/api_keys.ts";
import type { Caller } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import type { FormState } from "@/lib/shared/form_state.ts";
import { KEEP_END } from "@/lib/shared/key_form.ts";
import type { Key } from "@/lib/shared/wire.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "./task_form.ts";

const DAY_MS = 24 * 60 * 60_000;

/** Fields of which a form may send several, and what the schema calls them. */
const LISTS = [["scope", "scopes"], ["endpoint", "endpoints"]] as const;

/** What the form says of a key, in the shape that the API takes. */
export function toKeyInput(form: URLSearchParams): Record<string, unknown> {
  const text = (name: string) => form.get(name)?.trim() ?? "";
  const amount = (name: string) =>
    text(name) === "" ? null : Number(text(name).replaceAll(/[ ,']/g, ""));
  const models = text("models").split(/[\s,]+/).filter((name) => name !== "");
  const endpoints = form.getAll("endpoint");
  const days = amount("ends");
  const usd = text("usd") || null;
  const tokens = amount("tokens");
  return {
    name: text("name"),
    scopes: form.getAll("scope"),
    models: models.length === 0 ? null : models,
    endpoints: endpoints.length === 0 ? null : endpoints,
    readOnly: form.has("readOnly"),
    expiresAt: days === null
      ? null
      : Number.isSafeInteger(days) && days > 0 && days < 100_000
      ? new Date(Date.now() + days * DAY_MS).toISOString()
      // For the schema to refuse.
      : text("ends"),
    limits: {
      requestsPerMinute: amount("requestsPerMinute"),
      tokensPerMinute: amount("tokensPerMinute"),
      concurrentRuns: amount("concurrentRuns"),
    },
    budget: usd === null && tokens === null
      ? null
      : { period: text("period") || "month", usd, tokens },
  };
}

/**
 * Makes the key that a form asks for.
 * @throws {FormRefused} when that cannot be; what was chosen is in its values, several with spaces between
 */
export async function createKey(
  apiKeys: ApiKeys,
  caller: Caller,
  form: URLSearchParams,
): Promise<{ name: string; token: string }> {
  return await withLists(form, async () => {
    const input = parseForm(newApiKeySchema, toKeyInput(form), form);
    const { key, token } = await attemptForm(
      form,
      () => apiKeys.create(caller, input),
    );
    return { name: key.name, token };
  });
}

/**
 * Changes the key that a form names to what it says.
 * @throws {FormRefused} as `createKey`, and when the key was changed since the form was made
 * @throws {AppError} 404 `not_found`
 */
export async function changeKey(
  apiKeys: ApiKeys,
  caller: Caller,
  form: URLSearchParams,
): Promise<void> {
  const id = form.get("id") ?? "";
  const { budget: old } = await apiKeys.require(caller, id);
  const { expiresAt, budget, ...rest } = toKeyInput(form);
  const wanted = {
    ...rest,
    ...(form.get("ends") === KEEP_END ? {} : { expiresAt }),
    // The form has no field for when to warn, so that stays.
    budget: budget === null || old === null
      ? budget
      : { softRatio: old.softRatio, ...budget as object },
  };
  await withLists(form, async () => {
    const patch = parseForm(apiKeyPatchSchema, wanted, form);
    await attemptForm(
      form,
      () => apiKeys.update(caller, id, patch, acceptVersion(form)),
    );
  });
}

/** A key as the form that changes it begins. */
export function keyFormState(key: Key): FormState {
  const { id, name, version, scopes, endpoints, models, limits, budget } = key;
  const amount = (value: number | null | undefined) => value?.toString() ?? "";
  return {
    values: {
      id,
      version: String(version),
      name,
      scopes: scopes.join(" "),
      endpoints: endpoints?.join(" ") ?? "",
      models: models?.join(", ") ?? "",
      readOnly: key.readOnly ? "on" : "",
      ends: KEEP_END,
      requestsPerMinute: amount(limits?.requestsPerMinute),
      tokensPerMinute: amount(limits?.tokensPerMinute),
      concurrentRuns: amount(limits?.concurrentRuns),
      usd: budget?.usd ?? "",
      tokens: amount(budget?.tokens),
      period: budget?.period ?? "month",
    },
    errors: {},
  };
}

/** A form that was refused keeps all that was chosen where a field may be there several times. */
async function withLists<T>(
  form: URLSearchParams,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof FormRefused) {
      for (const [field, name] of LISTS) {
        error.form.values[name] = form.getAll(field).join(" ");
      }
    }
    throw error;
  }
}

/** Revokes the key that a form names, whichever its version; one that is gone stays so. */
export async function revokeKey(
  apiKeys: ApiKeys,
  caller: Caller,
  form: URLSearchParams,
): Promise<void> {
  try {
    await apiKeys.revoke(caller, form.get("id") ?? "", () => {});
  } catch (error) {
    if (error instanceof AppError && error.status === 404) return;
    throw error;
  }
}
