/** `POST /api/backups/:id/check`: reads all of a backup and tells whether it could be restored, as a job. */
import { checkBackupLater } from "@/lib/http/backup_access.ts";
import { methods } from "@/lib/http/methods.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async POST(ctx) {
    const job = await checkBackupLater(ctx.state, ctx.params.backup);
    return ctx.json(job, {
      status: 202,
      headers: { location: `/api/jobs/${job.id}` },
    });
  },
}));
