/** `GET /api/usage.csv`: what `/api/usage` tells by buckets, as a file for spreadsheets. */
import { methods } from "@/lib/http/methods.ts";
import { loadLabels } from "@/lib/http/usage_labels.ts";
import { readUsageQuestion } from "@/lib/http/usage_question.ts";
import { usageLines } from "@/lib/http/usage_view.ts";
import { define } from "@/utils.ts";

/** Groups with lines of their own, unless fewer are asked for; further ones share theirs. */
const MAX_GROUPS = 1_000;

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const { store, usage } = services;
    const asked = readUsageQuestion(ctx.url, caller, store.clock.now());
    const question = ctx.url.searchParams.has("series")
      ? asked
      : { ...asked, series: MAX_GROUPS };
    const { workspace } = caller;
    const report = await usage.query.ask(workspace, question, ctx.req.signal);
    const { groupBy } = question;
    const keys = report.groups.map(({ key }) => key);
    const labelOf = await loadLabels(services, workspace, groupBy, keys);
    const lines = usageLines(report, groupBy, labelOf);
    const body = ReadableStream.from(lines)
      .pipeThrough(new TextEncoderStream());
    return new Response(body, {
      headers: {
        "content-type": "text/csv; charset=utf-8",
        "content-disposition": 'attachment; filename="usage.csv"',
        "cache-control": "no-store",
      },
    });
  },
}));
