import { adminPlaces } from "@/components/admin/admin_places.ts";
import { loadViewer } from "@/lib/http/viewer.ts";
import { define } from "@/utils.ts";

/** `/admin` leads to the first page of the administration that the viewer may open. */
export const handler = define.handlers({
  async GET(ctx) {
    const [first] = adminPlaces(await loadViewer(ctx.state));
    return ctx.redirect(first?.path ?? "/settings", 303);
  },
});
