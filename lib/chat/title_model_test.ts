import assert from "node:assert/strict";
import { AppError } from "@/lib/errors.ts";
import { PriceList } from "@/lib/llm/prices.ts";
import type { Provider } from "@/lib/llm/types.ts";
import { chooseTitleModel, type TitleModels } from "./title_model.ts";

const ANSWERED_BY = { model: "a/big", provider: "a" };

const LISTED = ["a/big", "a/small", "a/small-embedding", "b/tiny", "b/free"];

function models(listed = LISTED): TitleModels {
  return {
    list: () =>
      Promise.resolve(listed.map((id) => {
        const [provider, model] = id.split("/");
        return { id, provider, model, label: id };
      })),
    find(id) {
      const [provider, model] = id.split("/");
      if (!LISTED.includes(id)) {
        return Promise.reject(
          new AppError({ status: 404, code: "model_not_found", message: id }),
        );
      }
      // Who is chosen is not asked anything here.
      return Promise.resolve(
        { id, model, provider: { id: provider } as Provider },
      );
    },
  };
}

async function choose(
  prices: Record<string, string>,
  { configured = null as string | null, listed = LISTED } = {},
): Promise<string> {
  const list = new PriceList(
    Object.entries(prices).map(([model, usd]) => ({
      model,
      from: "2020-01-01",
      inputPerMillionUsd: usd,
      outputPerMillionUsd: usd,
    })),
  );
  const signal = AbortSignal.timeout(10_000);
  const served = await chooseTitleModel(
    models(listed),
    list,
    configured,
    ANSWERED_BY,
    signal,
  );
  return served.id;
}

Deno.test("chooseTitleModel: without prices the model that answered", async () => {
  assert.equal(await choose({}), "a/big");
});

Deno.test("chooseTitleModel: the cheapest priced model of the same provider", async () => {
  const prices = { "a/big": "10", "a/small": "1", "b/free": "0" };
  assert.equal(await choose(prices), "a/small");
});

Deno.test("chooseTitleModel: a price under the plain name counts", async () => {
  assert.equal(await choose({ big: "10", small: "1" }), "a/small");
});

Deno.test("chooseTitleModel: a model that costs nothing is the cheapest", async () => {
  assert.equal(await choose({ "a/big": "0.5", "a/small": "0" }), "a/small");
});

Deno.test("chooseTitleModel: what cannot chat is not chosen, however cheap", async () => {
  const prices = { "a/big": "10", "a/small-embedding": "0" };
  assert.equal(await choose(prices), "a/big");
});

Deno.test("chooseTitleModel: at the same price the model that answered", async () => {
  const listed = ["a/small", "a/big"];
  assert.equal(await choose({ small: "1", big: "1" }, { listed }), "a/big");
});

Deno.test("chooseTitleModel: a provider without a list gives the model that answered", async () => {
  assert.equal(await choose({ "a/small": "1" }, { listed: [] }), "a/big");
});

Deno.test("chooseTitleModel: the model of the settings goes before all prices", async () => {
  const prices = { "a/small": "1" };
  assert.equal(await choose(prices, { configured: "b/tiny" }), "b/tiny");
});

Deno.test("chooseTitleModel: a model of the settings that is gone is passed over", async () => {
  const prices = { "a/small": "1" };
  assert.equal(await choose(prices, { configured: "b/gone" }), "a/small");
});
