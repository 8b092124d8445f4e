import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { PageHead } from "@/components/PageHead.tsx";
import {
  NewWorkspace,
  WorkspaceList,
} from "@/components/people/WorkspaceList.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import { newWorkspaceSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { attemptForm, FormRefused, parseForm } from "@/lib/http/task_form.ts";
import { loadPlaces, requirePeople } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load({ state }: Context<State>, form: FormState) {
  return { ...await loadPlaces(state), form };
}

export const handler = define.handlers({
  async GET(ctx) {
    requirePeople(ctx.state);
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    requirePeople(ctx.state);
    const { caller, services: { sessions, workspaces } } = ctx.state;
    const form = await readForm(ctx.req);
    switch (form.get("action")) {
      case "switch":
        await sessions.switchWorkspace(caller, form.get("id") ?? "");
        return ctx.redirect("/", 303);
      case "create":
        break;
      default:
        throw new AppError({
          status: 400,
          code: "invalid_request",
          message: "The form is not known.",
        });
    }
    if (!caller.isOperator) {
      throw new AppError({
        status: 403,
        code: "forbidden",
        message: "This takes an admin of the server.",
      });
    }
    try {
      const input = parseForm(
        newWorkspaceSchema,
        { name: form.get("name") ?? "" },
        form,
      );
      await attemptForm(form, () => workspaces.create(caller, input));
      return ctx.redirect("/workspaces", 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/workspaces`: those the viewer is in, and for who runs the server a form that makes one. */
export default define.page<typeof handler>(function WorkspacesPage({ data }) {
  const { viewer, form } = data;
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
        {viewer.isOperator && <NewWorkspace form={form} />}
      </div>
    </PlacesPage>
  );
});
