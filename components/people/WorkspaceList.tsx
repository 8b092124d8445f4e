import type { VNode } from "preact";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { WorkspaceName } from "@/lib/shared/viewer.ts";

/** The workspaces someone is in, each with the way there. */
export function WorkspaceList(
  { workspaces, current }: { workspaces: WorkspaceName[]; current: string },
): VNode {
  return (
    <ul class="workspaces">
      {workspaces.map(({ id, name }) => (
        <li key={id}>
          <span class="anywhere workspace-name">{name}</span>
          {id === current
            ? <span class="badge" data-kind="accent">you are here</span>
            : (
              <form method="post" action="/workspaces">
                <input type="hidden" name="action" value="switch" />
                <input type="hidden" name="id" value={id} />
                <button
                  class="btn btn-small"
                  type="submit"
                  aria-label={`Switch to ${name}`}
                >
                  Switch
                </button>
              </form>
            )}
        </li>
      ))}
    </ul>
  );
}

/** Makes a workspace; for those who run the server. */
export function NewWorkspace(
  { form: { values, errors } }: { form: FormState },
): VNode {
  const hint =
    "A workspace of its own: its people, threads, keys, limits and use are apart from all others.";
  return (
    <section class="section" aria-labelledby="new-workspace">
      <h2 id="new-workspace">New workspace</h2>
      <form
        class="project-form stack"
        method="post"
        action="/workspaces"
        aria-labelledby="new-workspace"
      >
        <input type="hidden" name="action" value="create" />
        <FormTrouble message={errors[""]} />
        <FormField
          id="workspace-name"
          label="Name"
          hint={hint}
          error={errors.name}
        >
          <input
            class="input"
            id="workspace-name"
            name="name"
            required
            autocomplete="off"
            value={values.name}
            {...describe("workspace-name", errors.name, hint)}
          />
        </FormField>
        <div class="btn-row">
          <button class="btn btn-primary" type="submit">
            <Icon name="plus" small />
            Create workspace
          </button>
        </div>
      </form>
    </section>
  );
}
