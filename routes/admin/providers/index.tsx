import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { FormTrouble } from "@/components/FormField.tsx";
import { AddProvider } from "@/components/providers/AddProvider.tsx";
import { LocalOffers } from "@/components/providers/LocalOffers.tsx";
import { ProviderTable } from "@/components/providers/ProviderTable.tsx";
import { RouteFields } from "@/components/providers/RouteFields.tsx";
import { RouteTable } from "@/components/providers/RouteTable.tsx";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import {
  addProvider,
  MAX_PROVIDER_FORM_BYTES,
  tryTyped,
} from "@/lib/http/provider_form.ts";
import { modelChoices } from "@/lib/http/provider_page.ts";
import {
  loadOtherProcesses,
  withOthers,
} from "@/lib/http/provider_processes.ts";
import { toProviderDetails, toRouteDetails } from "@/lib/http/provider_view.ts";
import { addRoute } from "@/lib/http/route_form.ts";
import { attemptForm, FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import type { ProviderTest } from "@/lib/shared/wire.ts";
import { define, type State } from "@/utils.ts";

/** What a form came to that leads nowhere else. */
interface Shown {
  /** Which form. */
  form: "provider" | "route" | null;
  refused: FormState | null;
  result: ProviderTest | null;
}

const NOTHING: Shown = { form: null, refused: null, result: null };

const DONE: Readonly<Record<string, string>> = {
  provider: "Provider removed",
  route: "Route removed",
};

async function load({ state, url, req }: Context<State>, shown: Shown) {
  const { catalog } = state.services;
  const [places, known, routes, offers, others] = await Promise.all([
    loadPlaces(state),
    catalog.providers.list(),
    catalog.routes.list(),
    state.services.localProviders.offers(req.signal),
    loadOtherProcesses(state, req.signal),
  ]);
  const providers = known.map((each) =>
    withOthers(toProviderDetails(state, each), others)
  );
  return {
    ...places,
    ...shown,
    providers,
    others: others.length,
    routes: routes.map(toRouteDetails),
    offers: offers.map(({ id, label, models }) => ({
      id,
      label,
      modelCount: models.length,
    })),
    choices: modelChoices(state, providers),
    done: DONE[url.searchParams.get("done") ?? ""] ?? "",
  };
}

/** Where the form leads, or what the page shows of it. */
async function act(
  { state, req }: Context<State>,
  form: URLSearchParams,
): Promise<string | Shown> {
  switch (form.get("action")) {
    case "add-provider": {
      const id = await addProvider(state, form);
      return `/admin/providers/${id}?done=added`;
    }
    case "use-local": {
      const { caller, services: { localProviders } } = state;
      const id = form.get("id") ?? "";
      await attemptForm(form, () => localProviders.use(caller, id, req.signal));
      return `/admin/providers/${id}?done=added`;
    }
    case "add-route":
      await addRoute(state, form);
      return "/admin/providers#routes";
    case "try-provider": {
      const { apiKey: _, ...values } = Object.fromEntries(form);
      return {
        form: "provider",
        refused: { values, errors: {} },
        result: await tryTyped(state, form, req.signal),
      };
    }
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, NOTHING));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_PROVIDER_FORM_BYTES });
    try {
      const done = await act(ctx, form);
      if (typeof done === "string") return ctx.redirect(done, 303);
      return page(await load(ctx, done));
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const isRoute = form.get("action") === "add-route";
      const shown: Shown = {
        form: isRoute ? "route" : "provider",
        refused: error.form,
        result: null,
      };
      return page(await load(ctx, shown), { status: error.status });
    }
  },
});

/** `/admin/providers`: who serves models, and the routes that lead to them. */
export default define.page<typeof handler>(function ProvidersPage({ data }) {
  const { viewer, providers, routes, choices, form, refused, result } = data;
  const routeForm = form === "route" ? refused ?? EMPTY_FORM : EMPTY_FORM;
  return (
    <AdminPage
      viewer={viewer}
      title="Providers and routes"
      changes={["settings."]}
      lede="Who serves models, and the names that lead to several of them. A change holds in every process within a second; answers that run end where they began."
    >
      <p class="hint" role="status">{data.done}</p>
      <section aria-labelledby="providers-title">
        <div class="section-head">
          <h2 id="providers-title">Providers</h2>
          <a class="push" href="#add-provider">Add a provider</a>
        </div>
        {providers.length === 0
          ? (
            <div class="empty">
              <h3>No provider yet</h3>
              <p class="soft">
                Until there is one, a demo answers out of the manual.
              </p>
            </div>
          )
          : (
            <>
              <ProviderTable
                providers={providers}
                processes={data.others + 1}
              />
              <p class="hint mt-4">
                {data.others === 0
                  ? "One process serves this store."
                  : `State and connections are those of ${
                    data.others + 1
                  } processes, which tell every few seconds; failures are those of the one that answered this page.`}
              </p>
            </>
          )}
      </section>
      {data.offers.length > 0 && <LocalOffers offers={data.offers} />}
      <section class="section" id="routes" aria-labelledby="routes-title">
        <div class="section-head">
          <h2 id="routes-title">Routes</h2>
          <a class="push" href="#add-route">Add a route</a>
        </div>
        {routes.length === 0
          ? (
            <div class="empty">
              <h3>No routes yet</h3>
              <p class="soft">
                A route is one name for several models: when the first fails,
                the next one answers.
              </p>
            </div>
          )
          : <RouteTable routes={routes} providers={providers} />}
      </section>
      <section
        class="section"
        id="add-provider"
        aria-labelledby="add-provider-title"
      >
        <div class="section-head">
          <h2 id="add-provider-title">Add a provider</h2>
        </div>
        <AddProvider
          refused={form === "provider" ? refused : null}
          result={result}
        />
      </section>
      <section class="section" id="add-route" aria-labelledby="add-route-title">
        <div class="section-head">
          <h2 id="add-route-title">Add a route</h2>
        </div>
        {providers.length === 0
          ? <p class="soft">A route needs a provider to lead to.</p>
          : (
            <form
              class="stack route-form"
              method="post"
              action="/admin/providers#add-route"
            >
              <FormTrouble message={routeForm.errors[""]} />
              <RouteFields
                id="new-route"
                route={null}
                choices={choices}
                form={routeForm}
              />
              <div class="btn-row">
                <button
                  class="btn btn-primary"
                  type="submit"
                  name="action"
                  value="add-route"
                >
                  Add route
                </button>
              </div>
            </form>
          )}
      </section>
    </AdminPage>
  );
});
