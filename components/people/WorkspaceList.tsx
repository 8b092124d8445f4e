import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";
import type { WorkspaceName } from "@/lib/shared/viewer.ts";
import type { Workspace } from "@/lib/shared/wire.ts";

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

/** Name and end of the workspace that the viewer is in; for its owners. */
export function WorkspaceForms(
  { workspace: { id, name, version }, form: { values, errors }, isFirst }: {
    workspace: Workspace;
    form: FormState;
    /** Whether it is the server's first, which stays. */
    isFirst: boolean;
  },
): VNode {
  const facts = (
    <>
      <input type="hidden" name="id" value={id} />
      <input type="hidden" name="version" value={version} />
    </>
  );
  return (
    <section class="section" aria-labelledby="this-workspace">
      <h2 id="this-workspace">This workspace</h2>
      <form
        class="project-form stack"
        method="post"
        action="/workspaces"
        aria-labelledby="this-workspace"
      >
        <input type="hidden" name="action" value="rename" />
        {facts}
        <FormTrouble message={errors[""]} />
        <FormField id="this-name" label="Name" error={errors.name}>
          <input
            class="input"
            id="this-name"
            name="name"
            required
            autocomplete="off"
            value={values.name ?? name}
            {...describe("this-name", errors.name)}
          />
        </FormField>
        <button class="btn" type="submit">Save name</button>
      </form>
      {!isFirst && (
        <div class="mt-5">
          <Confirm
            label="Delete workspace"
            what={`Everyone in ${name} loses it at once, with its threads, keys and limits. It cannot be undone.`}
          >
            <form method="post" action="/workspaces">
              <input type="hidden" name="action" value="delete" />
              {facts}
              <button class="btn btn-danger is-sure" type="submit">
                Delete {name}
              </button>
            </form>
          </Confirm>
        </div>
      )}
    </section>
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
