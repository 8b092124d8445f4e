import { page } from "fresh";
import { RequestsPage } from "@/components/requests/RequestsPage.tsx";
import { loadRequests } from "@/lib/http/request_view.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { wantsJson } from "@/lib/http/wants_json.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    const { state, url, req } = ctx;
    if (wantsJson(req)) {
      return ctx.json(await loadRequests(state, url, req.signal), {
        headers: { "cache-control": "no-store", vary: "accept" },
      });
    }
    const [places, view] = await Promise.all([
      loadPlaces(state),
      loadRequests(state, url, req.signal),
    ]);
    const isWrong = Object.keys(view.errors).length > 0;
    return page({ ...places, view }, { status: isWrong ? 400 : 200 });
  },
});

/** `/admin/requests`: the requests that asked a model, newest first, to be searched and followed. */
export default define.page<typeof handler>(
  function AdminRequestsPage({ data: { viewer, view, clock }, state }) {
    return (
      <RequestsPage
        viewer={viewer}
        view={view}
        detail={null}
        asked={null}
        clock={clock}
        keptDays={state.services.config.retention.requestsDays}
      />
    );
  },
);
