import { page } from "fresh";
import { RequestsPage } from "@/components/requests/RequestsPage.tsx";
import { loadRequest, loadRequests } from "@/lib/http/request_view.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { wantsJson } from "@/lib/http/wants_json.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    const { state, url, req: { signal } } = ctx;
    const { request } = ctx.params;
    const withBodies = url.searchParams.get("show") === "bodies";
    const loading = loadRequest(state, request, withBodies, signal);
    if (wantsJson(ctx.req)) {
      return ctx.json({ detail: await loading }, {
        headers: { "cache-control": "no-store", vary: "accept" },
      });
    }
    const [places, view, detail] = await Promise.all([
      loadPlaces(state),
      loadRequests(state, url, signal),
      loading,
    ]);
    return page({ ...places, view, detail, asked: request }, {
      status: detail === null ? 404 : 200,
      headers: { "cache-control": "no-store" },
    });
  },
});

/** `/admin/requests/:request`: one request with its stages, attempts, headers, tokens and cost. */
export default define.page<typeof handler>(
  function AdminRequestPage({ data, state }) {
    const { viewer, view, detail, asked, clock } = data;
    return (
      <RequestsPage
        viewer={viewer}
        view={view}
        detail={detail}
        asked={asked}
        clock={clock}
        keptDays={state.services.config.retention.requestsDays}
      />
    );
  },
);
