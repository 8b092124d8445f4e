import { type Context, page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import AdminJobs from "@/islands/AdminJobs.tsx";
import { actOnAdminJobs, adminJobsDone } from "@/lib/http/admin_job_actions.ts";
import { loadAdminJobs } from "@/lib/http/admin_jobs.ts";
import { readForm } from "@/lib/http/form.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { wantsJson } from "@/lib/http/wants_json.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url, req }: Context<State>) {
  const [places, view] = await Promise.all([
    loadPlaces(state),
    loadAdminJobs(state, url, req.signal),
  ]);
  return {
    ...places,
    view,
    cursor: url.searchParams.get("cursor"),
    done: adminJobsDone(url.searchParams.get("done")),
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    if (wantsJson(ctx.req)) {
      const view = await loadAdminJobs(ctx.state, ctx.url, ctx.req.signal);
      return ctx.json(view, {
        headers: { "cache-control": "no-store", vary: "accept" },
      });
    }
    return page(await load(ctx));
  },
  async POST(ctx) {
    const form = await readForm(ctx.req, { maxBytes: 20_000 });
    const next = await actOnAdminJobs(ctx.state, form, ctx.req.signal);
    return ctx.redirect(next, 303);
  },
});

/** `/admin/jobs`: how the jobs of the workspace do, and every one of them, for its admins. */
export default define.page<typeof handler>(function AllJobsPage({ data }) {
  const { viewer, view, cursor, clock, done } = data;
  return (
    <AdminPage
      viewer={viewer}
      title="All jobs"
      lede="What everyone in the workspace has asked for, and what Freshet does by itself."
    >
      <AdminJobs view={view} cursor={cursor} clock={clock} done={done} />
    </AdminPage>
  );
});
