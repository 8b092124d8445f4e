import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { RetentionForm } from "@/components/admin/RetentionForm.tsx";
import { workspacePatchSchema } from "@/lib/auth/user_input.ts";
import { readForm } from "@/lib/http/form.ts";
import {
  acceptVersion,
  attemptForm,
  FormRefused,
  parseForm,
} from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url }: Context<State>, form: FormState) {
  const { caller, services } = state;
  const [places, workspace] = await Promise.all([
    loadPlaces(state),
    services.workspaces.require(caller.user, caller.workspace),
  ]);
  return { ...places, workspace, form, isSaved: url.searchParams.has("saved") };
}

/** What was typed as days, for the schema to judge; nothing: for ever. */
function readDays(text: string): unknown {
  const typed = text.trim();
  return typed === "" ? null : /^\d{1,9}$/.test(typed) ? Number(typed) : typed;
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const { caller, services: { workspaces } } = ctx.state;
    const form = await readForm(ctx.req);
    try {
      const days = readDays(form.get("threadsDays") ?? "");
      const patch = parseForm(
        workspacePatchSchema,
        { threadsDays: days },
        form,
      );
      await attemptForm(form, () =>
        workspaces.update(
          caller,
          caller.workspace,
          patch,
          acceptVersion(form),
        ));
      return ctx.redirect("/admin/settings?saved", 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/settings`: how long the workspace keeps what is in it. */
export default define.page<typeof handler>(function AdminSettings({ data }) {
  const { viewer, workspace, form, isSaved } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="Retention"
      changes={["workspace."]}
      lede="Threads that nobody has touched for this long are deleted, for everyone in the workspace. What they cost stays in the figures."
    >
      <RetentionForm
        threadsDays={workspace.threadsDays}
        version={workspace.version}
        mayChange={workspace.role === "owner"}
        isSaved={isSaved}
        form={form}
      />
    </AdminPage>
  );
});
