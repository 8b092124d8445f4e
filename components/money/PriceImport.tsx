import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

const TEXT_HINT =
  "CSV with the columns model, from, inputPerMillionUsd, cachedInputPerMillionUsd, outputPerMillionUsd, or JSON as in the config file.";
const URL_HINT = "In place of the text, for a file of up to 400 kB.";

/** Has many prices taken at once, as a job that names each line which is wrong. */
export function PriceImport(
  { form: { values, errors } }: { form: FormState },
): VNode {
  return (
    <form class="stack" method="post" action="/admin/prices">
      <input type="hidden" name="action" value="import" />
      {errors.import !== undefined && (
        <p class="field-error" role="alert">
          <Icon name="alert" small />
          {errors.import}
        </p>
      )}
      <FormField id="import-text" label="Text of the file" hint={TEXT_HINT}>
        <textarea
          class="input mono"
          id="import-text"
          name="text"
          rows={5}
          spellcheck={false}
          {...describe("import-text", undefined, TEXT_HINT)}
        >
          {values.text}
        </textarea>
      </FormField>
      <FormField id="import-url" label="Address of the file" hint={URL_HINT}>
        <input
          class="input"
          type="url"
          id="import-url"
          name="url"
          autocomplete="off"
          value={values.url}
          {...describe("import-url", undefined, URL_HINT)}
        />
      </FormField>
      <div class="btn-row">
        <button class="btn" type="submit">Import prices</button>
      </div>
    </form>
  );
}
