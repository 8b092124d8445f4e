import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { CacheReadings } from "@/components/cache/CacheReadings.tsx";
import { FoundAnswers } from "@/components/cache/FoundAnswers.tsx";
import { KeptTable } from "@/components/cache/KeptTable.tsx";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField, FormTrouble } from "@/components/FormField.tsx";
import { AppError } from "@/lib/errors.ts";
import {
  loadCachePage,
  lookUpNamed,
  lookUpTyped,
  MAX_CACHE_FORM_BYTES,
  purgeBy,
} from "@/lib/http/cache_page.ts";
import { readForm } from "@/lib/http/form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { formatPlural } from "@/lib/shared/format.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import type { CacheLookup } from "@/lib/shared/wire.ts";
import { define, type State } from "@/utils.ts";

const LOOK_HINT =
  "A key of the list below, or the JSON body of a chat completion. Nobody is asked, and no text is shown.";

const POLICY_WORDS: Readonly<Record<string, string>> = {
  off: "Nothing is kept",
  deterministic: "Kept are answers to requests with temperature 0 or a seed",
  all: "All whole answers are kept",
};

const SCOPE_WORDS: Readonly<Record<string, string>> = {
  workspace: "for everyone in the workspace",
  user: "for the person who asked",
  key: "for the API key that asked",
};

const UNITS = [[86_400, "day"], [3_600, "hour"], [60, "minute"]] as const;

/** In the largest unit that it is a whole number of. */
function lifetime(seconds: number): string {
  const [size, word] = UNITS.find(([size]) => seconds % size === 0) ??
    [1, "second"];
  return formatPlural(seconds / size, word);
}

interface Shown {
  form: FormState;
  found: CacheLookup | null;
}

async function load({ state, url, req }: Context<State>, shown: Shown) {
  const [places, cache, named] = await Promise.all([
    loadPlaces(state),
    loadCachePage(state, url.searchParams.get("cursor"), req.signal),
    lookUpNamed(state, url, req.signal),
  ]);
  const purged = url.searchParams.get("purged");
  return {
    ...places,
    ...shown,
    found: shown.found ?? named,
    cache,
    done: purged !== null && /^\d+$/.test(purged)
      ? `${formatPlural(Number(purged), "answer")} purged`
      : "",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, { form: EMPTY_FORM, found: null }));
  },
  async POST(ctx) {
    const { state, req: { signal } } = ctx;
    const form = await readForm(ctx.req, { maxBytes: MAX_CACHE_FORM_BYTES });
    try {
      switch (form.get("action")) {
        case "look-up": {
          const found = await lookUpTyped(state, form, signal);
          const values = { what: form.get("what") ?? "" };
          return page(await load(ctx, { form: { values, errors: {} }, found }));
        }
        case "purge": {
          const removed = await purgeBy(state, form, signal);
          return ctx.redirect(`/admin/cache?purged=${removed}`, 303);
        }
      }
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const shown = { form: error.form, found: null };
      return page(await load(ctx, shown), { status: error.status });
    }
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The form is not known.",
    });
  },
});

/** `/admin/cache`: what the cache has done and holds; answers looked up and purged. */
export default define.page<typeof handler>(function CachePage({ data }) {
  const { viewer, cache, form: { values, errors }, found, done, clock } = data;
  const { settings, answers } = cache;
  return (
    <AdminPage
      viewer={viewer}
      title="Cache"
      changes={["data.deleted"]}
      lede={settings.policy === "off"
        ? "Nothing is kept: the cache is off in the config file."
        : `${POLICY_WORDS[settings.policy]}, ${
          SCOPE_WORDS[settings.scope]
        }, for ${lifetime(settings.ttlSeconds)}. The config file says so.`}
    >
      <p class="hint" role="status">{done}</p>
      <FormTrouble message={errors[""]} />
      <CacheReadings usage={cache.usage} process={cache.process} />
      <section class="section" id="look" aria-labelledby="look-title">
        <h2 id="look-title">Look up an answer</h2>
        <form class="stack project-form" method="post" action="/admin/cache">
          <input type="hidden" name="action" value="look-up" />
          <FormField
            id="look-what"
            label="Key or request"
            hint={LOOK_HINT}
            error={errors.what}
          >
            <textarea
              class="input mono"
              id="look-what"
              name="what"
              rows={4}
              required
              spellcheck={false}
              autocomplete="off"
              {...describe("look-what", errors.what, LOOK_HINT)}
            >
              {values.what ?? ""}
            </textarea>
          </FormField>
          <div class="btn-row">
            <button class="btn" type="submit">Look up</button>
          </div>
        </form>
        <div role="status">
          {found !== null && <FoundAnswers of={found} nowMs={clock.nowMs} />}
        </div>
      </section>
      <section class="section" aria-labelledby="kept-title">
        <div class="section-head">
          <h2 id="kept-title">Kept answers of the workspace</h2>
        </div>
        {answers.length === 0
          ? (
            <div class="empty">
              <h3>No answers are kept</h3>
              <p class="soft">
                {settings.policy === "off"
                  ? "The cache is off."
                  : "None was given that the policy keeps, or they have gone with time."}
              </p>
            </div>
          )
          : <KeptTable answers={answers} nowMs={clock.nowMs} />}
        {(cache.nextCursor !== null || !cache.isFirst) && (
          <nav class="pager" aria-label="Pages">
            {!cache.isFirst && (
              <a class="btn btn-small" href="/admin/cache">Newest</a>
            )}
            <span class="push" />
            {cache.nextCursor !== null && (
              <a
                class="btn btn-small"
                href={`/admin/cache?cursor=${cache.nextCursor}`}
              >
                Older
              </a>
            )}
          </nav>
        )}
      </section>
      <section class="section" aria-labelledby="purge-title">
        <h2 id="purge-title">Purge</h2>
        <form class="cache-purge" method="post" action="/admin/cache">
          <input type="hidden" name="action" value="purge" />
          <input type="hidden" name="purge" value="model" />
          <FormField id="purge-model" label="Of one model" error={errors.model}>
            <input
              class="input"
              id="purge-model"
              name="model"
              required
              maxLength={200}
              autocomplete="off"
              spellcheck={false}
              list="purge-models"
              value={values.model}
              {...describe("purge-model", errors.model)}
            />
          </FormField>
          <datalist id="purge-models">
            {[...new Set(answers.map(({ model }) => model))].map((model) => (
              <option key={model} value={model} />
            ))}
          </datalist>
          <button class="btn btn-danger" type="submit">Purge model</button>
        </form>
        <Confirm
          label="Purge all"
          what="Every kept answer of the workspace goes. The next requests ask providers again, and cost what they cost."
        >
          <form method="post" action="/admin/cache">
            <input type="hidden" name="action" value="purge" />
            <input type="hidden" name="purge" value="all" />
            <button class="btn btn-danger is-sure" type="submit">
              Purge all answers
            </button>
          </form>
        </Confirm>
      </section>
    </AdminPage>
  );
});
