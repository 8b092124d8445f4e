/** `/api/settings`: settings of the server that can be set while it runs; for who runs it. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { settingsPatchSchema } from "@/lib/settings/settings_input.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const all = await ctx.state.services.serverSettings.all();
    return ctx.json(all, {
      headers: { etag: etag(all.version), "cache-control": "no-store" },
    });
  },
  async PATCH(ctx) {
    const { caller, services: { serverSettings } } = ctx.state;
    const patch = await readJson(ctx.req, settingsPatchSchema);
    const all = await serverSettings.update(
      caller,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return ctx.json(all, { headers: { etag: etag(all.version) } });
  },
}));
