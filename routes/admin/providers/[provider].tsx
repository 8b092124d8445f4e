import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { FormTrouble } from "@/components/FormField.tsx";
import { ModelHealth } from "@/components/providers/ModelHealth.tsx";
import {
  ProviderActs,
  RemoveProvider,
} from "@/components/providers/ProviderActs.tsx";
import { ProviderFacts } from "@/components/providers/ProviderFacts.tsx";
import { ProviderFields } from "@/components/providers/ProviderFields.tsx";
import { TestResult } from "@/components/providers/TestResult.tsx";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import {
  MAX_PROVIDER_FORM_BYTES,
  removeProvider,
  saveProvider,
  switchProvider,
} from "@/lib/http/provider_form.ts";
import { DONE_WORDS, loadProviderUse } from "@/lib/http/provider_page.ts";
import {
  loadOtherProcesses,
  withOthers,
} from "@/lib/http/provider_processes.ts";
import { toProviderDetails } from "@/lib/http/provider_view.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import type { ProviderTest } from "@/lib/shared/wire.ts";
import { define, type State } from "@/utils.ts";

interface Shown {
  refused: FormState | null;
  result: ProviderTest | null;
}

async function load(
  { state, params, url, req }: Context<State>,
  shown: Shown,
) {
  const { catalog } = state.services;
  const [places, known, use, others] = await Promise.all([
    loadPlaces(state),
    catalog.providers.get(params.provider),
    loadProviderUse(state, params.provider, req.signal),
    loadOtherProcesses(state, req.signal),
  ]);
  return {
    ...places,
    ...shown,
    provider: withOthers(toProviderDetails(state, known), others),
    others: others.length,
    use,
    done: DONE_WORDS[url.searchParams.get("done") ?? ""] ?? "",
  };
}

/** Where the form leads, or what a test came to. */
async function act(
  { state, params: { provider: id }, req }: Context<State>,
  form: URLSearchParams,
): Promise<string | ProviderTest> {
  const action = form.get("action");
  const back = `/admin/providers/${id}?done=${action}`;
  switch (action) {
    case "test":
      return await state.services.catalog.tryKnown(id, req.signal);
    case "save":
      await saveProvider(state, id, form);
      return back;
    case "active":
    case "draining":
    case "disabled":
      await switchProvider(state, id, action, form);
      return back;
    case "remove":
      await removeProvider(state, id, form);
      return "/admin/providers?done=provider";
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, { refused: null, result: null }));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_PROVIDER_FORM_BYTES });
    try {
      const done = await act(ctx, form);
      if (typeof done === "string") return ctx.redirect(done, 303);
      return page(await load(ctx, { refused: null, result: done }));
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const shown = { refused: error.form, result: null };
      return page(await load(ctx, shown), { status: error.status });
    }
  },
});

/** `/admin/providers/:id`: one provider, how it does, and what can be done with it. */
export default define.page<typeof handler>(function ProviderPage({ data }) {
  const { viewer, provider, use, refused, result, done, clock } = data;
  const { id, baseUrl, source, version } = provider;
  const isSaving = refused?.values.action === "save";
  const trouble = isSaving ? undefined : refused?.errors[""];
  return (
    <AdminPage
      viewer={viewer}
      title={id}
      parent={{ path: "/admin/providers", title: "Providers and routes" }}
      changes={["settings."]}
      lede={<span class="anywhere mono">{baseUrl}</span>}
      tools={<ProviderActs of={provider} />}
    >
      <p class="hint" role="status">{done}</p>
      {trouble !== undefined && (
        <p class="field-error" role="alert">{trouble}</p>
      )}
      <div role="status">
        {result !== null && <TestResult of={result} />}
      </div>
      <ProviderFacts
        of={provider}
        use={use}
        others={data.others}
        nowMs={clock.nowMs}
      />
      <section class="section" aria-labelledby="models-title">
        <div class="section-head">
          <h2 id="models-title">Models that were asked</h2>
        </div>
        <ModelHealth of={provider.health} />
      </section>
      <section class="section" aria-labelledby="settings-title">
        <div class="section-head">
          <h2 id="settings-title">Settings</h2>
        </div>
        {source === "settings"
          ? (
            <p class="soft">
              This provider comes from the environment or the config file, which
              change its address, key and models. Here it can be drained,
              disabled and used again.
            </p>
          )
          : (
            <form
              class="stack project-form"
              method="post"
              action={`/admin/providers/${id}#settings-title`}
            >
              <input type="hidden" name="action" value="save" />
              <input type="hidden" name="version" value={version} />
              <FormTrouble
                message={isSaving ? refused?.errors[""] : undefined}
              />
              <ProviderFields
                id="provider"
                provider={provider}
                form={isSaving ? refused ?? EMPTY_FORM : EMPTY_FORM}
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
          <RemoveProvider of={provider} />
        </section>
      )}
    </AdminPage>
  );
});
