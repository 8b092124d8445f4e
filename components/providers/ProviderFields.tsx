import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import { KNOWN_ADDRESSES } from "@/lib/shared/provider_words.ts";
import type { ProviderDetails } from "@/lib/shared/wire.ts";

const ID_HINT =
  "What stands before the slash in the names of its models: a to z, digits, - and _.";
const ADDRESS_HINT =
  "Up to and including /v1. Model servers of this machine and of your network are fine.";
const MODELS_HINT =
  "One on each line. Empty: it is asked which models it has, which suits nearly all.";

/** Name, address, key and models of a provider, new (null) or changed. */
export function ProviderFields(
  { id, provider, form: { values, errors } }: {
    /** Begins the ids of the fields. */
    id: string;
    provider: ProviderDetails | null;
    form: FormState;
  },
): VNode {
  const field = (name: string) => `${id}-${name}`;
  const models = provider === null || provider.models === "discover"
    ? ""
    : provider.models.join("\n");
  const hasKey = provider !== null && provider.key !== "none";
  const keyHint = hasKey
    ? "Empty: the kept one stays. It is kept encrypted, and shown nowhere."
    : "Empty: it wants none. It is kept encrypted, and shown nowhere.";
  return (
    <>
      {provider === null && (
        <FormField
          id={field("id")}
          label="Name"
          hint={ID_HINT}
          error={errors.id}
        >
          <input
            class="input"
            id={field("id")}
            name="id"
            required
            maxLength={63}
            autocomplete="off"
            spellcheck={false}
            placeholder="openrouter"
            value={values.id}
            {...describe(field("id"), errors.id, ID_HINT)}
          />
        </FormField>
      )}
      <FormField
        id={field("baseUrl")}
        label="Address"
        hint={ADDRESS_HINT}
        error={errors.baseUrl}
      >
        <input
          class="input"
          id={field("baseUrl")}
          name="baseUrl"
          inputMode="url"
          required
          maxLength={2000}
          autocomplete="off"
          spellcheck={false}
          list={field("addresses")}
          placeholder="https://openrouter.ai/api/v1"
          value={values.baseUrl ?? provider?.baseUrl}
          {...describe(field("baseUrl"), errors.baseUrl, ADDRESS_HINT)}
        />
        <datalist id={field("addresses")}>
          {KNOWN_ADDRESSES.map(({ url, name }) => (
            <option key={url} value={url}>{name}</option>
          ))}
        </datalist>
      </FormField>
      <FormField
        id={field("apiKey")}
        label={hasKey ? "New key" : "Key"}
        hint={keyHint}
        error={errors.apiKey}
      >
        <input
          class="input mono"
          id={field("apiKey")}
          name="apiKey"
          type="password"
          maxLength={4000}
          autocomplete="off"
          spellcheck={false}
          {...describe(field("apiKey"), errors.apiKey, keyHint)}
        />
      </FormField>
      {hasKey && (
        <label class="check" for={field("noKey")}>
          <input type="checkbox" id={field("noKey")} name="noKey" />
          It wants no key any more
        </label>
      )}
      <FormField
        id={field("models")}
        label="Models"
        hint={MODELS_HINT}
        error={errors.models}
      >
        <textarea
          class="input mono"
          id={field("models")}
          name="models"
          rows={3}
          spellcheck={false}
          autocomplete="off"
          {...describe(field("models"), errors.models, MODELS_HINT)}
        >
          {values.models ?? models}
        </textarea>
      </FormField>
      <FormField
        id={field("maxConnections")}
        label="Connections at most"
        error={errors.maxConnections}
      >
        <input
          class="input tnum provider-short"
          id={field("maxConnections")}
          name="maxConnections"
          inputMode="numeric"
          autocomplete="off"
          value={values.maxConnections ??
            String(provider?.maxConnections ?? 200)}
          {...describe(field("maxConnections"), errors.maxConnections)}
        />
      </FormField>
    </>
  );
}
