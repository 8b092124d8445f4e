/** `/api/models/settings`: which models the people of the workspace may ask, and what lists show. */
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import {
  changeModelSettings,
  loadModelSettings,
  modelSettingsPatchSchema,
} from "@/lib/http/model_settings.ts";
import { etag, requireIfMatch } from "@/lib/http/preconditions.ts";
import { define, type State } from "@/utils.ts";

async function respond(state: State, signal: AbortSignal): Promise<Response> {
  const settings = await loadModelSettings(state, signal);
  return Response.json(settings, {
    headers: { etag: etag(settings.version) },
  });
}

export const handler = define.handlers(methods({
  async GET(ctx) {
    return await respond(ctx.state, ctx.req.signal);
  },
  async PATCH(ctx) {
    const patch = await readJson(ctx.req, modelSettingsPatchSchema);
    await changeModelSettings(
      ctx.state,
      patch,
      (version) => requireIfMatch(ctx.req, version),
    );
    return await respond(ctx.state, ctx.req.signal);
  },
}));
