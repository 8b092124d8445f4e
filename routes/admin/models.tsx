import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { Icon } from "@/components/Icon.tsx";
import { OtherModels } from "@/components/models/OtherModels.tsx";
import { ModelTable } from "@/components/models/ModelTable.tsx";
import { readForm } from "@/lib/http/form.ts";
import {
  changeModels,
  defaultChoices,
  loadModelPage,
  MAX_MODEL_FORM_BYTES,
  modelPath,
  readModelFilter,
} from "@/lib/http/model_page.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { define, type State } from "@/utils.ts";

/** Groups that the page offers. */
const SHOWN_GROUPS = 200;

const SHOWS = [
  ["all", "All"],
  ["hidden", "Not in lists"],
  ["limited", "Not for everyone"],
] as const;

async function load({ state, url }: Context<State>, trouble: string | null) {
  const { caller, services } = state;
  const isLocal = caller.mode === "local";
  const [places, models, groups] = await Promise.all([
    loadPlaces(state),
    loadModelPage(state, readModelFilter(url.searchParams)),
    isLocal ? null : services.groups.list(caller.workspace, {
      limit: SHOWN_GROUPS,
      cursor: null,
    }),
  ]);
  return {
    ...places,
    ...models,
    trouble,
    groups: (groups?.items ?? []).map(({ id, name }) => ({ id, name })),
    isSaved: url.searchParams.get("done") === "save",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, null));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_MODEL_FORM_BYTES });
    const filter = readModelFilter(ctx.url.searchParams);
    try {
      await changeModels(ctx.state, filter, form);
      const path = modelPath(filter);
      const joint = path.includes("?") ? "&" : "?";
      return ctx.redirect(`${path}${joint}done=save`, 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const trouble = error.form.errors[""] ?? "This cannot be saved.";
      return page(await load(ctx, trouble), { status: error.status });
    }
  },
});

/** `/admin/models`: what new threads begin with, what lists show, and who may ask which model. */
export default define.page<typeof handler>(function ModelsPage({ data }) {
  const { viewer, filter, settings, shown, found, pages, groups } = data;
  const { version, defaultModel, serverDefault, items } = settings;
  const here = modelPath(filter);
  const isFiltered = filter.q !== "" || filter.show !== "all";
  return (
    <AdminPage
      viewer={viewer}
      title="Models"
      changes={["settings."]}
      lede={viewer.isLocal
        ? "What new threads begin with, and which models lists show."
        : "What new threads of the workspace begin with, which models lists show, and who may ask them. It holds in every process within a second, for pages and programs."}
    >
      {data.trouble !== null && (
        <p class="field-error" role="alert">
          <Icon name="alert" small />
          {data.trouble} Nothing was changed.
        </p>
      )}
      <p class="hint" role="status">{data.isSaved ? "Saved" : ""}</p>
      <section aria-labelledby="default-title">
        <h2 id="default-title">New threads begin with</h2>
        <form class="model-default" method="post" action={here}>
          <input type="hidden" name="action" value="default" />
          <input type="hidden" name="version" value={version} />
          <select
            class="select"
            name="defaultModel"
            aria-labelledby="default-title"
          >
            <option value="" selected={defaultModel === null}>
              {serverDefault === null
                ? "What the server takes"
                : `What the server takes, now ${serverDefault}`}
            </option>
            {defaultChoices(settings).map(({ id, name }) => (
              <option key={id} value={id} selected={id === defaultModel}>
                {name}
              </option>
            ))}
          </select>
          <button class="btn" type="submit">Save default</button>
        </form>
      </section>
      <section class="section" aria-labelledby="models-title">
        <div class="section-head">
          <h2 id="models-title">Models</h2>
          <span class="soft">{formatPlural(found, "model")}</span>
        </div>
        <form
          class="model-filter"
          method="get"
          action="/admin/models"
          role="search"
        >
          <input
            class="input"
            type="search"
            name="q"
            aria-label="Part of a name"
            placeholder="Part of a name"
            maxLength={200}
            value={filter.q}
          />
          <select class="select" name="show" aria-label="Which">
            {SHOWS.map(([value, words]) => (
              <option
                key={value}
                value={value}
                selected={filter.show === value}
              >
                {words}
              </option>
            ))}
          </select>
          <button class="btn" type="submit">
            <Icon name="filter" small />
            Show
          </button>
        </form>
        {shown.length === 0
          ? (
            <div class="empty">
              <h3>{isFiltered ? "No such models" : "No models yet"}</h3>
              <p class="soft">
                {isFiltered
                  ? "None of the models that there are is like that."
                  : "No provider says which models it serves."}
              </p>
              {isFiltered && (
                <a class="btn btn-small" href="/admin/models">
                  Show all
                </a>
              )}
            </div>
          )
          : (
            <form method="post" action={here}>
              <input type="hidden" name="version" value={version} />
              <datalist id="model-groups">
                {groups.map(({ id, name }) => <option key={id} value={name} />)}
              </datalist>
              <ModelTable
                models={shown}
                defaultModel={defaultModel}
                groups={groups}
                hasPeople={!viewer.isLocal}
              />
              <div class="btn-row mt-4">
                <button
                  class="btn btn-primary"
                  type="submit"
                  name="action"
                  value="save"
                >
                  Save
                </button>
                <button class="btn" type="submit" name="action" value="hide">
                  {isFiltered
                    ? `Take these ${found} out of lists`
                    : `Take all ${items.length} out of lists`}
                </button>
                <button class="btn" type="submit" name="action" value="list">
                  {isFiltered
                    ? `Put these ${found} in lists`
                    : "Put all in lists"}
                </button>
              </div>
              <p class="hint model-note">
                What lists do not show can still be asked by its name, by
                whoever may ask it.
              </p>
            </form>
          )}
        {pages > 1 && (
          <nav class="pager" aria-label="Pages">
            <span class="tnum">Page {filter.page} of {pages}</span>
            <span class="push" />
            {filter.page > 1 && (
              <a
                class="btn btn-small"
                href={modelPath({ ...filter, page: filter.page - 1 })}
              >
                <Icon name="left" small />
                Before
              </a>
            )}
            {filter.page < pages && (
              <a
                class="btn btn-small"
                href={modelPath({ ...filter, page: filter.page + 1 })}
              >
                After
                <Icon name="right" small />
              </a>
            )}
          </nav>
        )}
      </section>
      <section class="section" aria-labelledby="others-title">
        <div class="section-head">
          <h2 id="others-title">Models without a rule</h2>
        </div>
        <OtherModels
          others={settings.others}
          path={here}
          version={version}
          hasPeople={!viewer.isLocal}
        />
      </section>
    </AdminPage>
  );
});
