import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { AuditFilters } from "@/components/audit/AuditFilters.tsx";
import { AuditTable } from "@/components/audit/AuditTable.tsx";
import { ChainState } from "@/components/audit/ChainState.tsx";
import { AUDIT_TYPES } from "@/lib/audit/audit_types.ts";
import { normaliseEmail } from "@/lib/auth/email.ts";
import { AppError } from "@/lib/errors.ts";
import { readAuditFilter, readAuditPlace } from "@/lib/http/audit_query.ts";
import { auditCheckView, auditPage } from "@/lib/http/audit_view.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import type { AuditEntry } from "@/lib/shared/wire.ts";
import { define, type State } from "@/utils.ts";

const FILTERS = ["type", "actor", "from", "to"] as const;

/** Stands for whoever is not known here: no entry is of them. */
const NOBODY = "nobody";

/** Whose entries are wanted: an id as it is, an email as the id of its person. */
async function readActor(
  { services: { users } }: State,
  typed: string,
): Promise<string> {
  if (/^[\w-]{0,64}$/.test(typed)) return typed;
  const email = normaliseEmail(typed);
  const account = email === null ? null : await users.findByEmail(email);
  return account?.id ?? NOBODY;
}

async function load({ state, url: { href }, req }: Context<State>) {
  const { caller: { workspace }, services: { auditLog } } = state;
  const url = new URL(href);
  const typed = url.searchParams.get("actor")?.trim() ?? "";
  const actor = await readActor(state, typed);
  url.searchParams.set("actor", actor);
  const { limit, cursor } = readPageQuery(url);
  const before = readAuditPlace(cursor);
  const filter = readAuditFilter(url);
  const { signal } = req;
  const [places, list, check, lastSeq] = await Promise.all([
    loadPlaces(state),
    auditLog.list(workspace, filter, { before, limit }, signal),
    auditLog.lastCheck(workspace, signal),
    auditLog.lastSeq(workspace, signal),
  ]);
  const entries = auditPage(list);
  const search = Object.fromEntries(
    FILTERS.map((name) => [name, url.searchParams.get(name) ?? ""]),
  ) as Record<typeof FILTERS[number], string>;
  return {
    ...places,
    entries,
    people: await namesOf(state, entries.items),
    check: check === null ? null : auditCheckView(check),
    lastSeq,
    search: { ...search, actor: typed },
    /** The search as a query, to go on with. */
    query: String(
      new URLSearchParams(Object.entries(search).filter(([, text]) => text)),
    ),
    isFirstPage: cursor === null,
  };
}

/** Names of the people that the entries are of or about, by their ids. */
async function namesOf(
  { services: { users } }: State,
  entries: readonly AuditEntry[],
): Promise<Record<string, string>> {
  const ids = new Set(
    entries.flatMap(({ actor, subject, details }) => [
      actor?.user ?? "",
      subject,
      ...Object.values(details).filter((value) => typeof value === "string"),
    ]).filter((id) => id.startsWith("usr_")),
  );
  const accounts = await Promise.all([...ids].map((id) => users.account(id)));
  return Object.fromEntries(
    accounts.flatMap((account) =>
      account === null
        ? []
        : [[account.id, account.name || account.email || account.id] as const]
    ),
  );
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx));
  },
  /** Checks the log. */
  async POST(ctx) {
    const form = await readForm(ctx.req);
    if (form.get("action") !== "verify") {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "The form is not known.",
      });
    }
    const { caller, services: { auditLog } } = ctx.state;
    await auditLog.verify(caller.workspace, ctx.req.signal);
    return ctx.redirect("/admin/audit", 303);
  },
});

/** `/admin/audit`: what was done in the workspace, by whom and when, for its admins. */
export default define.page<typeof handler>(function AuditLogPage({ data }) {
  const { viewer, entries, people, check, lastSeq, search, query, clock } =
    data;
  const more = query === "" ? "" : `${query}&`;
  const files = `/api/audit/export?${more}format=`;
  return (
    <AdminPage
      viewer={viewer}
      title="Audit log"
      lede="Sign-ins, changes to people, keys and limits, exports and deletions. Entries are kept for 400 days and cannot be edited."
      tools={
        <div class="btn-row">
          <a class="btn btn-small" href={`${files}jsonl`} download>
            Export JSON lines
          </a>
          <a class="btn btn-small" href={`${files}csv`} download>
            Export CSV
          </a>
        </div>
      }
    >
      <ChainState check={check} lastSeq={lastSeq} nowMs={clock.nowMs} />
      <AuditFilters search={search} types={AUDIT_TYPES} people={people} />
      {entries.items.length === 0
        ? (
          <div class="empty">
            <h3>{query === "" ? "Nothing yet" : "Nothing found"}</h3>
            <p class="soft">
              {entries.nextCursor !== null
                ? "Nothing among the newest entries fits. Older ones may."
                : query === ""
                ? "What people do here from now on is listed on this page."
                : "No entry fits these filters."}
            </p>
          </div>
        )
        : <AuditTable entries={entries.items} people={people} clock={clock} />}
      {(entries.nextCursor !== null || !data.isFirstPage) && (
        <nav class="pager" aria-label="Pages of the audit log">
          {!data.isFirstPage && (
            <a class="btn btn-small" href={`?${query}`}>Newest</a>
          )}
          {entries.nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`?${more}cursor=${entries.nextCursor}`}
            >
              Older entries
            </a>
          )}
        </nav>
      )}
    </AdminPage>
  );
});
