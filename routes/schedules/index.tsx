import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { Icon } from "@/components/Icon.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import ScheduleBoard from "@/islands/ScheduleBoard.tsx";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { actOnSchedule, SCHEDULE_DONE } from "@/lib/http/schedule_form.ts";
import { loadScheduleBoard } from "@/lib/http/schedule_page.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { wantsJson } from "@/lib/http/wants_json.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url }: Context<State>) {
  const [places, board] = await Promise.all([
    loadPlaces(state),
    loadScheduleBoard(state, readPageQuery(url)),
  ]);
  return {
    ...places,
    board,
    cursor: url.searchParams.get("cursor"),
    path: `/schedules${url.search}`,
    done: SCHEDULE_DONE[url.searchParams.get("done") ?? ""] ?? "",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    if (wantsJson(ctx.req)) {
      const query = readPageQuery(ctx.url);
      return ctx.json(await loadScheduleBoard(ctx.state, query), {
        headers: { "cache-control": "no-store", vary: "accept" },
      });
    }
    return page(await load(ctx));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    return ctx.redirect(await actOnSchedule(ctx.state, form), 303);
  },
});

/** `/schedules`: what is done again and again. */
export default define.page<typeof handler>(function SchedulesPage({ data }) {
  const { viewer, board, cursor, path, done } = data;
  const readsOnly = viewer.role === "viewer";
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>Schedules · Freshet</title>
      </Head>
      <PageHead>
        <span class="cut" aria-current="page">Schedules</span>
      </PageHead>
      <div class="page">
        <div class="page-head">
          <div>
            <h1>Schedules</h1>
            <p class="lede">
              Prompts and jobs that begin by themselves, again and again.
            </p>
          </div>
          {!readsOnly && (
            <a class="btn" href="/schedules/new">
              <Icon name="plus" small />New schedule
            </a>
          )}
        </div>
        {board.items.length === 0 && (
          <Empty isLater={cursor !== null} readsOnly={readsOnly} />
        )}
        <ScheduleBoard
          board={board}
          path={path}
          readsOnly={readsOnly}
          done={done}
        />
        {(cursor !== null || board.nextCursor !== null) && (
          <nav class="pager" aria-label="Pages of schedules">
            {cursor !== null && (
              <a class="btn btn-small" href="/schedules">Newest</a>
            )}
            {board.nextCursor !== null && (
              <a
                class="btn btn-small"
                href={`/schedules?cursor=${board.nextCursor}`}
              >
                Show more
              </a>
            )}
          </nav>
        )}
      </div>
    </PlacesPage>
  );
});

function Empty(
  { isLater, readsOnly }: { isLater: boolean; readsOnly: boolean },
) {
  return (
    <div class="empty">
      <h2>{isLater ? "No more schedules" : "No schedules yet"}</h2>
      <p class="soft">
        {isLater
          ? "These are all there are."
          : readsOnly
          ? "You have no schedules in this workspace."
          : "Have a prompt asked every weekday at seven, and find its answer in a thread."}
      </p>
      {isLater && <a class="btn" href="/schedules">Show the newest</a>}
      {!isLater && !readsOnly && (
        <a class="btn btn-primary" href="/schedules/new">New schedule</a>
      )}
    </div>
  );
}
