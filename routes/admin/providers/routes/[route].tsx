import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { Confirm } from "@/components/Confirm.tsx";
import { FormTrouble } from "@/components/FormField.tsx";
import { Act } from "@/components/providers/ProviderActs.tsx";
import { RouteFields } from "@/components/providers/RouteFields.tsx";
import { RouteTable } from "@/components/providers/RouteTable.tsx";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { DONE_WORDS, modelChoices } from "@/lib/http/provider_page.ts";
import { toProviderDetails, toRouteDetails } from "@/lib/http/provider_view.ts";
import { removeRoute, saveRoute, switchRoute } from "@/lib/http/route_form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load(
  { state, params, url }: Context<State>,
  refused: FormState | null,
) {
  const { catalog } = state.services;
  const [places, route, known] = await Promise.all([
    loadPlaces(state),
    catalog.routes.get(params.route),
    catalog.providers.list(),
  ]);
  const providers = known.map((each) => toProviderDetails(state, each));
  return {
    ...places,
    refused,
    route: toRouteDetails(route),
    providers,
    choices: modelChoices(state, providers),
    done: DONE_WORDS[url.searchParams.get("done") ?? ""] ?? "",
  };
}

async function act(
  { state, params: { route: id } }: Context<State>,
  form: URLSearchParams,
): Promise<string> {
  const action = form.get("action");
  const path = `/admin/providers/routes/${encodeURIComponent(id)}`;
  switch (action) {
    case "save":
      await saveRoute(state, id, form);
      return `${path}?done=save`;
    case "active":
    case "disabled":
      await switchRoute(state, id, action === "disabled", form);
      return `${path}?done=${action}`;
    case "remove":
      await removeRoute(state, id, form);
      return "/admin/providers?done=route";
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, null));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    try {
      return ctx.redirect(await act(ctx, form), 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/providers/routes/:id`: one route, and what can be done with it. */
export default define.page<typeof handler>(function RoutePage({ data }) {
  const { viewer, route, providers, choices, refused, done } = data;
  const { id, source, isDisabled, version } = route;
  const path = `/admin/providers/routes/${encodeURIComponent(id)}`;
  const isSaving = refused?.values.action === "save";
  const trouble = isSaving ? undefined : refused?.errors[""];
  const form = isSaving ? refused ?? EMPTY_FORM : EMPTY_FORM;
  return (
    <AdminPage
      viewer={viewer}
      title={id}
      parent={{ path: "/admin/providers", title: "Providers and routes" }}
      changes={["settings."]}
      lede="One name that leads to several models."
      tools={
        <div class="btn-row">
          <Act
            path={path}
            action={isDisabled ? "active" : "disabled"}
            words={isDisabled ? "Use again" : "Disable"}
            version={version}
            isMain={isDisabled}
          />
        </div>
      }
    >
      <p class="hint" role="status">{done}</p>
      {trouble !== undefined && (
        <p class="field-error" role="alert">{trouble}</p>
      )}
      <RouteTable routes={[route]} providers={providers} />
      <section class="section" aria-labelledby="settings-title">
        <div class="section-head">
          <h2 id="settings-title">Settings</h2>
        </div>
        {source === "settings"
          ? (
            <p class="soft">
              This route comes from the config file, which changes it. Here it
              can be disabled and used again.
            </p>
          )
          : (
            <form
              class="stack route-form"
              method="post"
              action={`${path}#settings-title`}
            >
              <input type="hidden" name="action" value="save" />
              <input type="hidden" name="version" value={version} />
              <FormTrouble message={form.errors[""]} />
              <RouteFields
                id="route"
                route={route}
                choices={choices}
                form={form}
              />
              <div class="btn-row">
                <button class="btn btn-primary" type="submit">Save</button>
              </div>
            </form>
          )}
      </section>
      {source === "page" && (
        <section class="section" aria-labelledby="end-title">
          <div class="section-head">
            <h2 id="end-title">End</h2>
          </div>
          <Confirm
            label="Remove route"
            what="The name leads nowhere from then on. Answers along it that run end normally."
          >
            <form method="post" action={path}>
              <input type="hidden" name="action" value="remove" />
              <input type="hidden" name="version" value={version} />
              <button class="btn btn-danger is-sure" type="submit">
                Remove {id}
              </button>
            </form>
          </Confirm>
        </section>
      )}
    </AdminPage>
  );
});
