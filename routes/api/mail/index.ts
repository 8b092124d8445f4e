/** `GET /api/mail`: the workspace's mails of the last 30 days and what became of them, newest first. */
import { listMails } from "@/lib/mail/mail_list.ts";
import { methods } from "@/lib/http/methods.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { services, caller } = ctx.state;
    const page = await listMails(
      services.mails,
      caller.workspace,
      readPageQuery(ctx.url),
      ctx.req.signal,
    );
    return ctx.json(page, { headers: { "cache-control": "no-store" } });
  },
}));
