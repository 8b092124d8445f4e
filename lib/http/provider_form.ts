/** The forms of providers, as they come without a script. A key that was typed is never sent back. */
import {
  newProviderSchema,
  providerPatchSchema,
  providerTrialSchema,
} from "@/lib/llm/catalog/provider_input.ts";
import type { ProviderDetails, ProviderTest } from "@/lib/shared/wire.ts";
import type { State } from "@/utils.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "./task_form.ts";

/** Largest form: some hundred names of models. */
export const MAX_PROVIDER_FORM_BYTES = 120_000;

const text = (form: URLSearchParams, name: string) =>
  form.get(name)?.trim() ?? "";

/** Names stand in lines, or between commas; none: the provider is asked. */
function toModels(form: URLSearchParams): string[] | "discover" {
  const names = text(form, "models").split(/[\r\n,]+/)
    .map((name) => name.trim()).filter((name) => name !== "");
  return names.length === 0 ? "discover" : [...new Set(names)];
}

/** What is no number stays as it is, for the schema to refuse. */
function toCount(typed: string): number | string | undefined {
  if (typed === "") return undefined;
  return /^\d+$/.test(typed) ? Number(typed) : typed;
}

function toCommon(form: URLSearchParams) {
  const maxConnections = toCount(text(form, "maxConnections"));
  return {
    baseUrl: text(form, "baseUrl"),
    models: toModels(form),
    ...(maxConnections === undefined ? {} : { maxConnections }),
  };
}

/** Shows a refused form again without what is secret in it. */
async function withoutKey<T>(
  form: URLSearchParams,
  work: (form: URLSearchParams) => Promise<T>,
): Promise<T> {
  try {
    return await work(form);
  } catch (error) {
    if (!(error instanceof FormRefused)) throw error;
    const { apiKey: _, ...values } = error.form.values;
    throw new FormRefused(error.status, { ...error.form, values });
  }
}

/** @returns the id of the provider @throws {FormRefused} */
export async function addProvider(
  { caller, services: { catalog } }: State,
  form: URLSearchParams,
): Promise<string> {
  return await withoutKey(form, async () => {
    const input = parseForm(newProviderSchema, {
      ...toCommon(form),
      id: text(form, "id"),
      apiKey: text(form, "apiKey") || null,
    }, form);
    const made = await attemptForm(
      form,
      () => catalog.providers.create(caller, input),
    );
    return made.id;
  });
}

/** Saves what a form says of a provider; a key that is left empty stays. @throws {FormRefused} */
export async function saveProvider(
  { caller, services: { catalog } }: State,
  id: string,
  form: URLSearchParams,
): Promise<void> {
  await withoutKey(form, async () => {
    const apiKey = text(form, "apiKey");
    const patch = parseForm(providerPatchSchema, {
      ...toCommon(form),
      ...(form.get("noKey") === "on"
        ? { apiKey: null }
        : apiKey === ""
        ? {}
        : { apiKey }),
    }, form);
    await attemptForm(
      form,
      () => catalog.providers.update(caller, id, patch, acceptVersion(form)),
    );
  });
}

/** What somebody has typed, tried; nothing is kept. @throws {FormRefused} */
export async function tryTyped(
  { services: { catalog } }: State,
  form: URLSearchParams,
  signal: AbortSignal,
): Promise<ProviderTest> {
  return await withoutKey(form, async () => {
    const input = parseForm(providerTrialSchema, {
      baseUrl: text(form, "baseUrl"),
      apiKey: text(form, "apiKey") || null,
    }, form);
    const target = { id: text(form, "id") || "new", models: toModels(form) };
    return await attemptForm(
      form,
      () => catalog.tryProvider({ ...target, ...input }, signal),
    );
  });
}

/** Drains, disables or uses a provider again. @throws {FormRefused} */
export async function switchProvider(
  { caller, services: { catalog } }: State,
  id: string,
  state: ProviderDetails["state"],
  form: URLSearchParams,
): Promise<void> {
  await attemptForm(
    form,
    () => catalog.providers.update(caller, id, { state }, acceptVersion(form)),
  );
}

/** Removes a provider; whoever sends the form has read what uses it. @throws {FormRefused} */
export async function removeProvider(
  { caller, services: { catalog } }: State,
  id: string,
  form: URLSearchParams,
): Promise<void> {
  await attemptForm(
    form,
    () =>
      catalog.providers.remove(
        caller,
        id,
        acceptVersion(form),
        form.get("force") === "true",
      ),
  );
}
