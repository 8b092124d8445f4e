import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { PriceImport } from "@/components/money/PriceImport.tsx";
import { PriceForm } from "@/components/money/PriceForm.tsx";
import { PriceTable, type ShownPrice } from "@/components/money/PriceTable.tsx";
import { readForm } from "@/lib/http/form.ts";
import { changePrices } from "@/lib/http/price_form.ts";
import {
  importPrices,
  MAX_IMPORT_FORM_BYTES,
} from "@/lib/http/price_import_form.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { formatUsd, parseUsd } from "@/lib/shared/usd.ts";
import { define, type State } from "@/utils.ts";

/** Models without a price that are named; some providers list hundreds. */
const SHOWN_MODELS = 60;

/** How long the page waits for lists of models, in milliseconds. */
const MODELS_MS = 2_000;

async function load({ state }: Context<State>, form: FormState) {
  const { models, priceSettings, prices, store } = state.services;
  const [places, all, listed] = await Promise.all([
    loadPlaces(state),
    priceSettings.all(),
    models.list(AbortSignal.timeout(MODELS_MS)).catch(() => []),
  ]);
  const now = new Date(store.clock.now());
  const today = now.toISOString().slice(0, 10);
  const current = new Map<string, string>();
  for (const { model, from } of all.prices) {
    // They come by date.
    if (from <= today) current.set(model, from);
  }
  const shown: ShownPrice[] = all.prices.map((price) => ({
    ...price,
    inputPerMillionUsd: shownUsd(price.inputPerMillionUsd),
    cachedInputPerMillionUsd: shownUsd(
      price.cachedInputPerMillionUsd ?? price.inputPerMillionUsd,
    ),
    outputPerMillionUsd: shownUsd(price.outputPerMillionUsd),
    isCurrent: current.get(price.model) === price.from,
  })).sort((one, other) =>
    one.model === other.model ? (one.from < other.from ? 1 : -1) : 0
  );
  return {
    ...places,
    form,
    prices: shown,
    version: all.version,
    today,
    models: listed.map(({ id }) => id),
    unpriced: listed
      .filter(({ id, provider }) => prices.find(id, now, provider) === null)
      .map(({ id }) => id),
  };
}

/** Amounts with as many decimals, under one another. */
function shownUsd(text: string): string {
  return formatUsd(Number(parseUsd(text)));
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: MAX_IMPORT_FORM_BYTES });
    try {
      if (form.get("action") === "import") {
        return ctx.redirect(await importPrices(ctx.state, form), 303);
      }
      await changePrices(ctx.state, form);
      return ctx.redirect("/admin/prices", 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/admin/prices`: what models cost, and from which day on. */
export default define.page<typeof handler>(function PricesPage({ data }) {
  const { viewer, prices, models, unpriced, form, today, version } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="Prices"
      changes={["price."]}
      lede="US dollars for a million tokens. An answer costs what its model did on the day it began; a price that was set holds at once in every process."
    >
      {prices.length === 0
        ? (
          <div class="empty">
            <h3>No prices yet</h3>
            <p class="soft">
              Without them answers show no cost, and budgets in US dollars bound
              nothing.
            </p>
          </div>
        )
        : <PriceTable prices={prices} version={version} />}
      {unpriced.length > 0 && (
        <section class="section" aria-labelledby="unpriced-title">
          <h2 id="unpriced-title">Models without a price</h2>
          <p class="soft">
            Budgets in US dollars do not bound them; budgets in tokens do.
          </p>
          <ul class="money-models mt-4">
            {unpriced.slice(0, SHOWN_MODELS).map((model) => (
              <li key={model}>
                <span class="chip">
                  <span class="anywhere">{model}</span>
                </span>
              </li>
            ))}
          </ul>
          {unpriced.length > SHOWN_MODELS && (
            <p class="hint">
              And {unpriced.length - SHOWN_MODELS} more.
            </p>
          )}
        </section>
      )}
      <section class="section" aria-labelledby="price-title">
        <h2 id="price-title">Set a price</h2>
        <PriceForm
          form={form}
          models={models}
          today={today}
          version={version}
        />
      </section>
      <section class="section" aria-labelledby="import-title">
        <h2 id="import-title">Import prices</h2>
        <PriceImport form={form} />
      </section>
    </AdminPage>
  );
});
