/** `GET /v1/responses/:id/input_items`: what a stored Response was asked, in pages. */
import {
  itemListSchema,
  listItems,
} from "@/lib/gateway/responses/item_list.ts";
import { methods } from "@/lib/http/methods.ts";
import { readQuery } from "@/lib/gateway/responses/query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const query = readQuery(ctx.url, itemListSchema);
    const { stored } = await ctx.state.services.responses.find(
      ctx.state.space,
      ctx.params.response,
    );
    return ctx.json(listItems(stored.items, query));
  },
}));
