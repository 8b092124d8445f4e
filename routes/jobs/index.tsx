import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { NewJobButton, NewJobDialog } from "@/components/jobs/NewJob.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import JobBoard from "@/islands/JobBoard.tsx";
import { readForm } from "@/lib/http/form.ts";
import { actOnJob, JOB_DONE } from "@/lib/http/job_actions.ts";
import { loadJobBoard } from "@/lib/http/job_board.ts";
import { jobPresets } from "@/lib/http/job_presets.ts";
import { wantsJson } from "@/lib/http/wants_json.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url, req }: Context<State>) {
  const [places, board] = await Promise.all([
    loadPlaces(state),
    loadJobBoard(state, url, req.signal),
  ]);
  return {
    ...places,
    board,
    presets: jobPresets(state),
    cursor: url.searchParams.get("cursor"),
    done: JOB_DONE[url.searchParams.get("done") ?? ""] ?? "",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    if (wantsJson(ctx.req)) {
      const board = await loadJobBoard(ctx.state, ctx.url, ctx.req.signal);
      return ctx.json(board, {
        headers: { "cache-control": "no-store", vary: "accept" },
      });
    }
    return page(await load(ctx));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req);
    return ctx.redirect(await actOnJob(ctx.state, form), 303);
  },
});

/** `/jobs`: the background work of whoever looks. */
export default define.page<typeof handler>(function JobsPage({ data }) {
  const { viewer, board, presets, cursor, done } = data;
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>Jobs · Freshet</title>
      </Head>
      <PageHead>
        <span class="cut" aria-current="page">Jobs</span>
      </PageHead>
      <div class="page">
        <div class="page-head">
          <div>
            <h1>Jobs</h1>
            <p class="lede">
              Work that goes on without you. Close the page whenever you like.
            </p>
          </div>
          {presets.length > 0 && <NewJobButton />}
        </div>
        {presets.length > 0 && <NewJobDialog presets={presets} />}
        <JobBoard
          board={board}
          cursor={cursor}
          readsOnly={viewer.role === "viewer"}
          quietKinds={viewer.quietJobKinds}
          clock={data.clock}
          done={done}
        />
      </div>
    </PlacesPage>
  );
});
