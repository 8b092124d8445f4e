/** `/api/backups`: copies of the whole store, for who runs the server; POST makes one, as a job. */
import * as z from "zod";
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { readJson } from "@/lib/http/body.ts";
import { methods } from "@/lib/http/methods.ts";
import { requireBackups } from "@/lib/http/backup_access.ts";
import { define } from "@/utils.ts";

const bodySchema = z.strictObject({});

export const handler = define.handlers(methods({
  async GET(ctx) {
    const items = await ctx.state.services.backups.list(ctx.req.signal);
    return ctx.json({ items, nextCursor: null }, {
      headers: { "cache-control": "no-store" },
    });
  },
  async POST(ctx) {
    const { caller, services, space } = ctx.state;
    if (ctx.req.body !== null) await readJson(ctx.req, bodySchema);
    requireBackups(services.backups);
    const { job } = await services.jobs.enqueue(space, {
      kind: "backup.run",
      input: {},
      askedBy: storedCaller(caller),
    });
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
