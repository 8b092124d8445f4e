import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import { GroupsTable } from "@/components/people/GroupsTable.tsx";
import { groupPatchSchema, newGroupSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "@/lib/http/task_form.ts";
import { loadPlaces, requirePeople } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url }: Context<State>, form: FormState) {
  const [places, groups] = await Promise.all([
    loadPlaces(state),
    state.services.groups.list(state.caller.workspace, readPageQuery(url)),
  ]);
  return {
    ...places,
    groups,
    form,
    isFirstPage: !url.searchParams.has("cursor"),
  };
}

/** Does what a form of the page asks for. */
async function act(
  { caller, services: { groups } }: State,
  form: URLSearchParams,
): Promise<void> {
  const id = form.get("id") ?? "";
  const name = form.get("name") ?? "";
  switch (form.get("action")) {
    case "create": {
      const input = parseForm(newGroupSchema, { name }, form);
      await attemptForm(form, () => groups.create(caller, input));
      return;
    }
    case "rename": {
      const patch = parseForm(groupPatchSchema, { name }, form);
      await attemptForm(
        form,
        () => groups.update(caller, id, patch, acceptVersion(form)),
      );
      return;
    }
    case "delete":
      await attemptForm(
        form,
        () => groups.delete(caller, id, acceptVersion(form)),
      );
      return;
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    requirePeople(ctx.state);
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    requirePeople(ctx.state);
    const form = await readForm(ctx.req);
    try {
      await act(ctx.state, form);
      return ctx.redirect("/admin/groups", 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/groups`: groups of people, for which limits and budgets can be set. */
export default define.page<typeof handler>(function GroupsPage({ data }) {
  const { viewer, groups, isFirstPage, form } = data;
  // A rename that was refused is told above, and leaves the form of new groups empty.
  const isNew = form.values.action === "create";
  const values = isNew ? form.values : {};
  const errors = isNew ? form.errors : {};
  const trouble = form.errors[""] ?? (isNew ? undefined : form.errors.name);
  return (
    <AdminPage
      viewer={viewer}
      title="Groups"
      changes={["group."]}
      lede="Limits and budgets can be set for a group; who is in one is chosen on the page of each person."
    >
      <form
        class="project-form stack"
        method="post"
        action="/admin/groups"
      >
        <input type="hidden" name="action" value="create" />
        <FormTrouble message={trouble} />
        <FormField id="group-name" label="New group" error={errors.name}>
          <input
            class="input"
            id="group-name"
            name="name"
            required
            autocomplete="off"
            value={values.name}
            {...describe("group-name", errors.name)}
          />
        </FormField>
        <div class="btn-row">
          <button class="btn btn-primary" type="submit">
            <Icon name="plus" small />
            Create group
          </button>
        </div>
      </form>
      <section class="section" aria-labelledby="groups-title">
        <h2 id="groups-title">Groups of {viewer.workspace.name}</h2>
        {groups.items.length === 0
          ? (
            <p class="soft mt-2">
              {isFirstPage ? "No groups yet." : "These are all there are."}
            </p>
          )
          : (
            <div class="mt-4">
              <GroupsTable groups={groups.items} />
            </div>
          )}
        {(groups.nextCursor !== null || !isFirstPage) && (
          <nav class="pager" aria-label="Pages of groups">
            {!isFirstPage && <a class="btn btn-small" href="?">Newest</a>}
            {groups.nextCursor !== null && (
              <a class="btn btn-small" href={`?cursor=${groups.nextCursor}`}>
                Show more
              </a>
            )}
          </nav>
        )}
      </section>
    </AdminPage>
  );
});
