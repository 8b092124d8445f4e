import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { PageHead } from "@/components/PageHead.tsx";
import {
  NewWorkspace,
  WorkspaceForms,
  WorkspaceList,
} from "@/components/people/WorkspaceList.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { readForm } from "@/lib/http/form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces, requirePeople } from "@/lib/http/viewer.ts";
import { actOnWorkspaces } from "@/lib/http/workspace_actions.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { define, type State } from "@/utils.ts";

async function load({ state }: Context<State>, form: FormState) {
  const { caller, services: { workspaces } } = state;
  const [places, here] = await Promise.all([
    loadPlaces(state),
    workspaces.require(caller.user, caller.workspace),
  ]);
  return { ...places, here, form };
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
      return ctx.redirect(await actOnWorkspaces(ctx.state, form), 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/workspaces`: those the viewer is in, and for who runs the server a form that makes one. */
export default define.page<typeof handler>(function WorkspacesPage({ data }) {
  const { viewer, here, form } = data;
  const formOf = (...actions: string[]) =>
    actions.includes(form.values.action) ? form : EMPTY_FORM;
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>Workspaces · Freshet</title>
      </Head>
      <PageHead>
        <span class="cut">Workspaces</span>
      </PageHead>
      <div class="page">
        <h1>Workspaces</h1>
        <p class="lede">
          What is in one is not seen from another: its people, threads, keys,
          limits and use.
        </p>
        <div class="mt-4">
          <WorkspaceList
            workspaces={viewer.workspaces}
            current={viewer.workspace.id}
          />
        </div>
        {here.role === "owner" && (
          <WorkspaceForms
            workspace={here}
            form={formOf("rename", "delete")}
            isFirst={here.id === FIRST_WORKSPACE}
          />
        )}
        {viewer.isOperator && <NewWorkspace form={formOf("create")} />}
      </div>
    </PlacesPage>
  );
});
