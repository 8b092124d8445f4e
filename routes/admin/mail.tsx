import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { MailTable } from "@/components/mail/MailTable.tsx";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { listMails } from "@/lib/mail/mail_list.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url, req }: Context<State>) {
  const { caller: { workspace }, services: { mailer, mails } } = state;
  const query = readPageQuery(url);
  const [places, list] = await Promise.all([
    loadPlaces(state),
    listMails(mails, workspace, query, req.signal),
  ]);
  return {
    ...places,
    mails: list,
    isOn: mailer.isOn,
    isFirstPage: query.cursor === null,
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx));
  },
});

/** `/admin/mail`: the workspace's mails of the last 30 days, and what became of them. */
export default define.page<typeof handler>(function MailPage({ data }) {
  const { viewer, mails, isOn, isFirstPage, clock } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="Mail"
      lede="Mails of the last 30 days and what became of them. One that the mail server does not take is tried again for a day."
    >
      {mails.items.length === 0
        ? (
          <div class="empty">
            <h3>{isFirstPage ? "No mails yet" : "No older mails"}</h3>
            <p class="soft">
              {isOn
                ? "Invitations, warnings of budgets and reports are listed here once they are sent."
                : "Mail cannot be sent: the server has no SMTP_URL. Links are shown to admins instead."}
            </p>
          </div>
        )
        : <MailTable mails={mails.items} nowMs={clock.nowMs} />}
      {(mails.nextCursor !== null || !isFirstPage) && (
        <nav class="pager" aria-label="Pages of mails">
          {!isFirstPage && <a class="btn btn-small" href="?">Newest</a>}
          {mails.nextCursor !== null && (
            <a class="btn btn-small" href={`?cursor=${mails.nextCursor}`}>
              Older mails
            </a>
          )}
        </nav>
      )}
    </AdminPage>
  );
});
