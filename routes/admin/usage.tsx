import { UsageBody } from "@/components/usage/UsageBody.tsx";
import { UsageFrame } from "@/components/usage/UsageFrame.tsx";
import UsageNow from "@/islands/UsageNow.tsx";
import AlertStrip from "@/islands/AlertStrip.tsx";
import ChartTips from "@/islands/ChartTips.tsx";
import { TABLE_ROWS } from "@/lib/http/usage_page_parts.ts";
import { usagePage } from "@/lib/http/usage_page_response.ts";
import { workspaceTitle } from "@/lib/shared/viewer.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  GET: (ctx) => usagePage(ctx, "/admin/usage"),
});

/** `/admin/usage`: what everybody in the workspace has used, and what it cost. */
export default define.page<typeof handler>(function AdminUsagePage({ data }) {
  const { viewer, view, active } = data;
  return (
    <UsageFrame
      viewer={viewer}
      title="Usage and cost"
      now={<UsageNow channel="admin:usage" active={active} />}
    >
      <AlertStrip firing={viewer.firing} />
      <UsageBody
        view={view}
        title="Usage and cost"
        whose={workspaceTitle(viewer)}
        isAdmin={viewer.isAdmin}
        tableRows={TABLE_ROWS}
      />
      <ChartTips />
    </UsageFrame>
  );
});
