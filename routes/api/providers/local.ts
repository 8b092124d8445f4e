/** `GET /api/providers/local`: model servers found on this machine; `POST {id}` uses one. */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

const useSchema = z.strictObject({ id: z.enum(["ollama", "lm-studio"]) });

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { localProviders } = ctx.state.services;
    const items = await localProviders.offers(ctx.req.signal);
    return ctx.json({ items, nextCursor: null });
  },
  async POST(ctx) {
    const { caller, services: { localProviders } } = ctx.state;
    const { id } = await readJson(ctx.req, useSchema);
    return ctx.json(await localProviders.use(caller, id, ctx.req.signal));
  },
}));
