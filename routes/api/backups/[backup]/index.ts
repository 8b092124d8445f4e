/** `/api/backups/:id`: what a backup holds; DELETE removes its file. */
import { methods } from "@/lib/http/methods.ts";
import { removeBackup } from "@/lib/http/backup_access.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { backups } = ctx.state.services;
    const backup = await backups.get(ctx.params.backup, ctx.req.signal);
    return ctx.json(backup, { headers: { "cache-control": "no-store" } });
  },
  async DELETE(ctx) {
    await removeBackup(ctx.state, ctx.params.backup);
    return new Response(null, { status: 204 });
  },
}));
