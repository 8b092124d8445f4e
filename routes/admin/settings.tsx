import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { RetentionForm } from "@/components/admin/RetentionForm.tsx";
import { ServerSettingsForm } from "@/components/admin/ServerSettingsForm.tsx";
import { StartSettings } from "@/components/admin/StartSettings.tsx";
import { workspacePatchSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { changeSettings } from "@/lib/http/settings_form.ts";
import { loadServerSettings } from "@/lib/http/settings_page.ts";
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
  const [places, workspace, server] = await Promise.all([
    loadPlaces(state),
    services.workspaces.require(caller.user, caller.workspace),
    loadServerSettings(state),
  ]);
  return {
    ...places,
    workspace,
    server,
    form,
    saved: url.searchParams.get("saved"),
  };
}

/** @throws {AppError} 403 `forbidden` for who does not run the server */
function requireOperator({ caller }: State): void {
  if (caller.isOperator) return;
  throw new AppError({
    status: 403,
    code: "forbidden",
    message: "This takes an admin of the server.",
  });
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
      if (form.get("section") === "server") {
        requireOperator(ctx.state);
        await changeSettings(ctx.state, form);
        return ctx.redirect("/admin/settings?saved=server", 303);
      }
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

/** `/admin/settings`: how long the workspace keeps what is in it; and the settings of the server. */
export default define.page<typeof handler>(function AdminSettings({ data }) {
  const { viewer, workspace, server, form, saved } = data;
  const isOfServer = form.values.section === "server";
  return (
    <AdminPage
      viewer={viewer}
      title="Settings"
      changes={["workspace.", "settings."]}
      lede={server === null
        ? "What holds for everyone in the workspace."
        : "What holds for everyone in the workspace, and for the server."}
    >
      <section aria-labelledby="retention-title">
        <h2 id="retention-title">Retention</h2>
        <p class="soft">
          Threads that nobody has touched for this long are deleted, for
          everyone in the workspace. What they cost stays in the figures.
        </p>
        <RetentionForm
          threadsDays={workspace.threadsDays}
          version={workspace.version}
          mayChange={workspace.role === "owner"}
          isSaved={saved === ""}
          form={isOfServer ? EMPTY_FORM : form}
        />
      </section>
      {server !== null && (
        <>
          <section class="section" aria-labelledby="running-title">
            <h2 id="running-title">The server, while it runs</h2>
            <p class="soft">
              They hold over the config file, at once in this process and within
              a second in the others.
            </p>
            <p class="hint" role="status">
              {saved === "server" ? "Settings saved" : ""}
            </p>
            <ServerSettingsForm
              view={server.running}
              form={isOfServer ? form : EMPTY_FORM}
            />
          </section>
          <section class="section" aria-labelledby="start-title">
            <h2 id="start-title">The server, as it was started</h2>
            <p class="soft">
              Read from the environment and the config file at the start; set
              elsewhere are <a href="/admin/providers">providers</a>,{" "}
              <a href="/admin/prices">prices</a>,{" "}
              <a href="/admin/limits">limits</a> and{" "}
              <a href="/admin/budgets">budgets</a>.
            </p>
            <StartSettings settings={server.atStart} />
          </section>
        </>
      )}
    </AdminPage>
  );
});
