/** `POST /api/cache/purge`: removes kept answers, of one key, of a model, before a time, or all. */
import { readJson } from "@/lib/http/body.ts";
import { purgeSchema, toPurge } from "@/lib/http/cache_input.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const purge = toPurge(await readJson(ctx.req, purgeSchema));
    const { caller, services: { answers } } = ctx.state;
    const removed = await answers.cache.purge(
      caller.workspace,
      purge,
      ctx.req.signal,
    );
    return ctx.json({ removed });
  },
}));
