/** `/api/budgets`: the budgets of the workspace, read and set by its admins. */
import * as z from "zod";
import { budgetRuleSchema, budgetsSchema } from "@/lib/config/budgets.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { toBudgetList } from "@/lib/limits/budget_view.ts";
import { define } from "@/utils.ts";

/** As they were read; those of the config file stay as they are there. */
const itemSchema = budgetRuleSchema.extend({
  source: z.enum(["config", "edited"]).optional(),
});

const bodySchema = z.strictObject({
  items: z.array(itemSchema).transform((items) =>
    items.flatMap(({ source, ...rule }): z.input<typeof budgetRuleSchema>[] =>
      source === "config" ? [] : [rule]
    )
  ).pipe(budgetsSchema),
  version: z.int().optional(),
});

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { budgetSettings } } = ctx.state;
    const edited = await budgetSettings.edited(caller.workspace);
    return ctx.json(toBudgetList(budgetSettings.configured, edited), {
      headers: { etag: etag(edited.version) },
    });
  },
  async PUT(ctx) {
    const { caller, services: { budgetSettings } } = ctx.state;
    const { items } = await readJson(ctx.req, bodySchema);
    const edited = await budgetSettings.set(
      caller,
      items,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(toBudgetList(budgetSettings.configured, edited), {
      headers: { etag: etag(edited.version) },
    });
  },
}));
