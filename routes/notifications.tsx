import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { NotificationFilters } from "@/components/notifications/NotificationFilters.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import NotificationList from "@/islands/NotificationList.tsx";
import { AppError } from "@/lib/errors.ts";
import { readForm } from "@/lib/http/form.ts";
import { readNotificationFilter } from "@/lib/http/notification_query.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url }: Context<State>) {
  const { services: { notifications }, space } = state;
  const filter = readNotificationFilter(url);
  const query = readPageQuery(url);
  const [places, list, unread] = await Promise.all([
    loadPlaces(state),
    notifications.list(space, filter, query),
    notifications.unread(space),
  ]);
  const { searchParams } = url;
  return {
    ...places,
    ...list,
    unread,
    search: {
      read: searchParams.get("read") ?? "",
      event: searchParams.get("event") ?? "",
    },
    query: queryOf(searchParams, searchParams.get("cursor")),
    older: list.nextCursor === null
      ? null
      : queryOf(searchParams, list.nextCursor),
    newest: queryOf(searchParams, null),
    isFirst: searchParams.get("cursor") === null,
  };
}

/** The page's own query with another cursor: `?read=false&cursor=…`, or empty. */
function queryOf(search: URLSearchParams, cursor: string | null): string {
  const query = new URLSearchParams();
  for (const name of ["read", "event"]) {
    const value = search.get(name);
    if (value) query.set(name, value);
  }
  if (cursor !== null) query.set("cursor", cursor);
  return query.size === 0 ? "" : `?${query}`;
}

/** Does what a form of the page asks for. @throws {AppError} 400 for one that is not known */
async function act({ services, space }: State, form: URLSearchParams) {
  const { notifications } = services;
  const id = form.get("id") ?? "";
  switch (form.get("action")) {
    case "read":
    case "unread":
      await notifications.setRead(space, id, form.get("action") === "read");
      return;
    case "read-all":
      await notifications.readAll(space);
      return;
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    await act(ctx.state, form);
    const back = new URLSearchParams((form.get("query") ?? "").slice(1));
    const query = queryOf(back, back.get("cursor"));
    return ctx.redirect(`/notifications${query}`, 303);
  },
});

/** `/notifications`: what happened while somebody looked elsewhere. */
export default define.page<typeof handler>(function Notifications({ data }) {
  const { viewer, clock, items, search, query, older, newest, isFirst } = data;
  const isFiltered = search.read !== "" || search.event !== "";
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>Notifications · Freshet</title>
      </Head>
      <PageHead>
        <span class="cut">Notifications</span>
      </PageHead>
      <div class="page">
        <div class="page-head">
          <div>
            <h1>Notifications</h1>
            <p class="lede">
              What happened while you looked elsewhere, for 90 days.{" "}
              <a href="/settings#notifications">Choose what you are told</a>
            </p>
          </div>
        </div>
        <NotificationFilters search={search} />
        <NotificationList
          items={items}
          unread={data.unread}
          nowMs={clock.nowMs}
          query={query}
          isFirst={isFirst}
        />
        {items.length === 0 && (
          <div class="empty">
            <h2>{isFiltered ? "None of these" : "Nothing yet"}</h2>
            <p class="soft">
              {isFiltered
                ? "No notification is about this."
                : "Answers that you leave to themselves, exports, schedules and failures are told here."}
            </p>
            {isFiltered && <a class="btn" href="/notifications">Show all</a>}
          </div>
        )}
        {(!isFirst || older !== null) && (
          <nav class="pager" aria-label="Pages of notifications">
            {!isFirst && (
              <a class="btn btn-small" href={`/notifications${newest}`}>
                Newest
              </a>
            )}
            {older !== null && (
              <a class="btn btn-small" href={`/notifications${older}`}>
                Show older
              </a>
            )}
          </nav>
        )}
      </div>
    </PlacesPage>
  );
});
