import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

const HINT =
  "Empty: for ever. Pinned threads are kept, and those being answered.";

/** How long a workspace keeps threads that nobody touches. */
export function RetentionForm(
  { threadsDays, version, mayChange, isSaved, form: { values, errors } }: {
    threadsDays: number | null;
    version: number;
    /** Only owners may. */
    mayChange: boolean;
    isSaved: boolean;
    form: FormState;
  },
): VNode {
  const id = "threads-days";
  return (
    <form class="project-form stack" method="post" action="/admin/settings">
      <input type="hidden" name="version" value={version} />
      <FormTrouble message={errors[""]} />
      <FormField
        id={id}
        label="Days that threads are kept"
        hint={HINT}
        error={errors.threadsDays}
      >
        <input
          class="input"
          id={id}
          name="threadsDays"
          inputMode="numeric"
          autocomplete="off"
          readOnly={!mayChange}
          value={values.threadsDays ?? threadsDays?.toString() ?? ""}
          {...describe(id, errors.threadsDays, HINT)}
        />
      </FormField>
      {mayChange
        ? (
          <div class="btn-row">
            <button class="btn btn-primary" type="submit">Save</button>
            <span class="hint" role="status">{isSaved ? "Saved" : ""}</span>
          </div>
        )
        : <p class="hint">Only owners of the workspace change this.</p>}
    </form>
  );
}
