import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import JobDetail from "@/islands/JobDetail.tsx";
import { readForm } from "@/lib/http/form.ts";
import { actOnJob, JOB_DONE } from "@/lib/http/job_actions.ts";
import { loadJobDetail } from "@/lib/http/job_detail.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { wantsJson } from "@/lib/http/wants_json.ts";
import { define, type State } from "@/utils.ts";

async function load({ state, url, params, req }: Context<State>) {
  const [places, detail] = await Promise.all([
    loadPlaces(state),
    loadJobDetail(state, params.job, req.signal),
  ]);
  return {
    ...places,
    detail,
    done: JOB_DONE[url.searchParams.get("done") ?? ""] ?? "",
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    if (wantsJson(ctx.req)) {
      const { job } = ctx.params;
      const detail = await loadJobDetail(ctx.state, job, ctx.req.signal);
      return ctx.json(detail, {
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

/** `/jobs/:job`: one job with its attempts, its input, its result, and what belongs together with it. */
export default define.page<typeof handler>(function JobPage({ data }) {
  const { viewer, clock, detail, done } = data;
  const { title, who } = detail.job;
  const isOwn = who === null;
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>{`${title} · Freshet`}</title>
      </Head>
      <PageHead>
        <a href={isOwn ? "/jobs" : "/admin/jobs"}>Jobs</a>
        <span class="faint" aria-hidden="true">/</span>
        <span class="cut">{title}</span>
      </PageHead>
      <div class="page">
        <JobDetail
          detail={detail}
          clock={clock}
          channel={isOwn ? "jobs" : "admin:jobs"}
          readsOnly={viewer.role === "viewer"}
          done={done}
        />
      </div>
    </PlacesPage>
  );
});
