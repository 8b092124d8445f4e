/**
 * `POST /api/runs/:id/background`: the answer goes on by itself, and the caller is notified of its end. 202
 * with the run; 200 for one that has ended already, of which nothing is to be told.
 */
import * as z from "zod";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { isEnded } from "@/lib/shared/run_status.ts";
import { define } from "@/utils.ts";

/** There is nothing to say; a client that always sends a body may send `{}`. */
const nothingSchema = z.strictObject({});

export const handler = define.handlers(methods({
  async POST(ctx) {
    const { caller, services: { backgroundRuns }, space } = ctx.state;
    await readJson(ctx.req, nothingSchema, { optional: true });
    const { run: id } = ctx.params;
    const run = await backgroundRuns.leave(space, id, caller.user);
    return ctx.json(run, {
      status: isEnded(run.status) ? 200 : 202,
      headers: { location: `/api/runs/${id}` },
    });
  },
}));
