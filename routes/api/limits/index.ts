/** `/api/limits`: the policies of the workspace, read and set by its admins. */
import * as z from "zod";
import { limitPolicySchema, limitsSchema } from "@/lib/config/limits.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { toPolicyList, toSettings } from "@/lib/limits/limit_view.ts";
import { define } from "@/utils.ts";

/** As they were read; those of the config file stay as they are there. */
const itemSchema = limitPolicySchema.extend({
  source: z.enum(["config", "edited"]).optional(),
});

const bodySchema = z.strictObject({
  items: z.array(itemSchema).transform((items) =>
    items.flatMap(({ source, ...policy }) =>
      source === "config" ? [] : [toSettings(policy)]
    )
  ).pipe(limitsSchema),
  version: z.int().optional(),
});

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services: { limitSettings } } = ctx.state;
    const edited = await limitSettings.edited(caller.workspace);
    return ctx.json(toPolicyList(limitSettings.configured, edited), {
      headers: { etag: etag(edited.version), "cache-control": "no-store" },
    });
  },
  async PUT(ctx) {
    const { caller, services: { limitSettings } } = ctx.state;
    const { items } = await readJson(ctx.req, bodySchema);
    const edited = await limitSettings.set(
      caller,
      items,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(toPolicyList(limitSettings.configured, edited), {
      headers: { etag: etag(edited.version), "cache-control": "no-store" },
    });
  },
}));
