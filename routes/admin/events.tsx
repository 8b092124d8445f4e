import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { EventFilters } from "@/components/events/EventFilters.tsx";
import { EventTable } from "@/components/events/EventTable.tsx";
import { Icon } from "@/components/Icon.tsx";
import { AppError } from "@/lib/errors.ts";
import { EVENT_CATALOGUE } from "@/lib/events/event_catalogue.ts";
import { listEvents, readEventFilter } from "@/lib/http/event_query.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import type { LoggedEvent, Page } from "@/lib/shared/wire.ts";
import { define, type State } from "@/utils.ts";

const FILTERS = ["type", "subject", "from", "to"] as const;

const NOTHING: Page<LoggedEvent> = { items: [], nextCursor: null };

/** The page of the log that the address asks for, or what is wrong with it. */
async function loadEvents({ state, url, req }: Context<State>) {
  const { caller, services: { eventLog } } = state;
  try {
    const events = await listEvents(
      eventLog,
      caller,
      "workspace",
      readEventFilter(url),
      readPageQuery(url),
      req.signal,
    );
    return { events, errors: {} };
  } catch (error) {
    if (!(error instanceof AppError) || error.status !== 400) throw error;
    const errors = Object.fromEntries(
      error.errors.map(({ path, message }) => [path, `It ${message}.`]),
    );
    return { events: NOTHING, errors };
  }
}

/** Names of the people that the events are of or about, by their ids. */
async function namesOf(
  { services: { users } }: State,
  events: readonly LoggedEvent[],
): Promise<Record<string, string>> {
  const ids = new Set(
    events.flatMap(({ subject, userId }) => [subject, userId ?? ""])
      .filter((id) => id.startsWith("usr_")),
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

async function load(ctx: Context<State>, trouble: string | null) {
  const { state, url } = ctx;
  const [places, loaded, webhooks] = await Promise.all([
    loadPlaces(state),
    loadEvents(ctx),
    state.services.webhooks.list(state.caller, "workspace"),
  ]);
  const search = Object.fromEntries(
    FILTERS.map((name) => [name, url.searchParams.get(name) ?? ""]),
  ) as Record<typeof FILTERS[number], string>;
  return {
    ...places,
    ...loaded,
    people: await namesOf(state, loaded.events.items),
    webhooks: webhooks.filter(({ enabled }) => enabled),
    search,
    trouble,
    done: url.searchParams.get("done") === "replay"
      ? "On its way again. The page of the webhook shows what becomes of it."
      : "",
    /** The search as a query, to go on with. */
    query: String(
      new URLSearchParams(Object.entries(search).filter(([, text]) => text)),
    ),
    isFirstPage: !url.searchParams.has("cursor"),
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    const data = await load(ctx, null);
    const isWrong = Object.keys(data.errors).length > 0;
    return page(data, { status: isWrong ? 400 : 200 });
  },
  /** Sends events to a webhook again. */
  async POST(ctx) {
    const form = await readForm(ctx.req);
    if (form.get("action") !== "replay") {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "The form is not known.",
      });
    }
    const { caller, services: { webhooks } } = ctx.state;
    try {
      await webhooks.replay(caller, form.get("webhook") ?? "", {
        from: form.get("from") ?? "",
        only: form.has("only"),
      });
      return ctx.redirect("/admin/events?done=replay", 303);
    } catch (error) {
      if (!(error instanceof AppError) || error.status >= 500) throw error;
      const { status, message } = error;
      return page(await load(ctx, message), { status });
    }
  },
});

/** `/admin/events`: what has happened in the workspace, and sending it to webhooks again. */
export default define.page<typeof handler>(function EventsPage({ data }) {
  const { viewer, events, errors, people, webhooks, search, query, clock } =
    data;
  const more = query === "" ? "" : `${query}&`;
  const isWrong = Object.keys(errors).length > 0;
  return (
    <AdminPage
      viewer={viewer}
      title="Events"
      lede="What happens in the workspace, as webhooks are told it: ids and states, never what people write. The newest 10,000 are kept."
    >
      <p class="hint" role="status">{data.done}</p>
      {data.trouble !== null && (
        <div class="callout" data-kind="bad" role="alert">
          <Icon name="alert" />
          <p>
            <strong>{data.trouble}</strong> Nothing was sent.
          </p>
        </div>
      )}
      <EventFilters
        search={search}
        types={Object.keys(EVENT_CATALOGUE)}
        errors={errors}
      />
      {events.items.length === 0
        ? (
          <div class="empty">
            <h3>
              {isWrong || query !== "" ? "Nothing found" : "Nothing yet"}
            </h3>
            <p class="soft">
              {isWrong
                ? "What is looked for cannot be read. Correct it above."
                : events.nextCursor !== null
                ? "Nothing among the newest events fits. Older ones may."
                : query === ""
                ? "What happens here from now on is listed on this page."
                : "No event fits these filters."}
            </p>
          </div>
        )
        : (
          <EventTable
            events={events.items}
            people={people}
            webhooks={webhooks}
            clock={clock}
          />
        )}
      {(events.nextCursor !== null || !data.isFirstPage) && (
        <nav class="pager" aria-label="Pages of events">
          {!data.isFirstPage && (
            <a class="btn btn-small" href={`?${query}`}>Newest</a>
          )}
          {events.nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`?${more}cursor=${events.nextCursor}`}
            >
              Older events
            </a>
          )}
        </nav>
      )}
    </AdminPage>
  );
});
