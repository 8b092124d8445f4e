import { page } from "fresh";
import { AdminPage } from "@/components/admin/AdminPage.tsx";
import { BasicShelves } from "@/components/styleguide/BasicShelves.tsx";
import { ControlShelves } from "@/components/styleguide/ControlShelves.tsx";
import { FigureShelves } from "@/components/styleguide/FigureShelves.tsx";
import { StateShelves } from "@/components/styleguide/StateShelves.tsx";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    return page(await loadPlaces(ctx.state));
  },
});

/** `/admin/styleguide`: every piece of the pages in every state, drawn by the components that draw them. */
export default define.page<typeof handler>(function Styleguide({ data }) {
  return (
    <AdminPage
      viewer={data.viewer}
      title="Style page"
      lede="Every piece in every state, as the pages draw it. Nothing here does anything."
    >
      <ControlShelves />
      <StateShelves nowMs={data.clock.nowMs} />
      <FigureShelves />
      <BasicShelves />
    </AdminPage>
  );
});
