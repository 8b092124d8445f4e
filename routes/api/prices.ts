/** `/api/prices`: what models cost from which day on; set by who runs the server. */
import * as z from "zod";
import { priceSchema, pricesSchema } from "@/lib/config/file.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import type { AllPrices } from "@/lib/limits/price_settings.ts";
import { define } from "@/utils.ts";

/** As they were read; those of the config file stay as they are there. */
const itemSchema = priceSchema.extend({
  source: z.enum(["config", "edited"]).optional(),
});

const bodySchema = z.strictObject({
  items: z.array(itemSchema).transform((items) =>
    items.flatMap(({ source, ...price }): z.input<typeof priceSchema>[] =>
      source === "config" ? [] : [price]
    )
  ).pipe(pricesSchema),
  version: z.int().optional(),
});

function body({ prices, version }: AllPrices) {
  return { items: prices, version };
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    const all = await ctx.state.services.priceSettings.all();
    return ctx.json(body(all), { headers: { etag: etag(all.version) } });
  },
  async PUT(ctx) {
    const { caller, services } = ctx.state;
    const { items } = await readJson(ctx.req, bodySchema);
    const all = await services.priceSettings.set(
      caller,
      items,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(body(all), { headers: { etag: etag(all.version) } });
  },
}));
