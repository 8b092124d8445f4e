import type { VNode } from "preact";
import { FormTrouble } from "@/components/FormField.tsx";
import TryProvider from "@/islands/TryProvider.tsx";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import type { ProviderTest } from "@/lib/shared/wire.ts";
import { ProviderFields } from "./ProviderFields.tsx";

/** The form that adds a provider. */
export function AddProvider(
  { refused, result }: {
    /** It was sent and is shown again. */
    refused: FormState | null;
    /** What a try of it came to. */
    result: ProviderTest | null;
  },
): VNode {
  const form = refused ?? EMPTY_FORM;
  return (
    <form
      class="stack project-form"
      method="post"
      action="/admin/providers#add-provider"
    >
      <FormTrouble message={form.errors[""]} />
      <ProviderFields id="new-provider" provider={null} form={form} />
      <div class="btn-row">
        <button
          class="btn btn-primary"
          type="submit"
          name="action"
          value="add-provider"
        >
          Add provider
        </button>
        <TryProvider result={result} />
      </div>
      {result !== null && (
        <p class="hint">Type the key again before you add it.</p>
      )}
    </form>
  );
}
