/** `GET /api/backups/:id/content`: the file of a backup, or a range of it. */
import { backupResponse } from "@/lib/http/backup_response.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    return await backupResponse(ctx, ctx.params.backup);
  },
}));
