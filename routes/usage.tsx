import { UsageBody } from "@/components/usage/UsageBody.tsx";
import { UsageFrame } from "@/components/usage/UsageFrame.tsx";
import UsageNow from "@/islands/UsageNow.tsx";
import ChartTips from "@/islands/ChartTips.tsx";
import { TABLE_ROWS } from "@/lib/http/usage_page_parts.ts";
import { usagePage } from "@/lib/http/usage_page_response.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  GET: (ctx) => usagePage(ctx, "/usage"),
});

/** `/usage`: what the viewer has used, and what it cost. */
export default define.page<typeof handler>(function UsagePage({ data }) {
  const { viewer, view, active } = data;
  return (
    <UsageFrame
      viewer={viewer}
      title="Usage"
      now={<UsageNow channel="usage" active={active} />}
    >
      <UsageBody
        view={view}
        title="Your usage"
        whose={viewer.isLocal ? "Your usage" : `Usage of ${viewer.email}`}
        isAdmin={viewer.isAdmin}
        tableRows={TABLE_ROWS}
      />
      <ChartTips />
    </UsageFrame>
  );
});
