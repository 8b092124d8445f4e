/** `GET /api/usage?from&to&bucket&groupBy&timeZone&…`: what was used, out of sums alone. */
import { methods } from "@/lib/http/methods.ts";
import { loadLabels } from "@/lib/http/usage_labels.ts";
import { readUsageQuestion } from "@/lib/http/usage_question.ts";
import { usageAnswer } from "@/lib/http/usage_view.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers(methods({
  async GET(ctx) {
    const { caller, services } = ctx.state;
    const { store, usage } = services;
    const question = readUsageQuestion(ctx.url, caller, store.clock.now());
    const { workspace } = caller;
    const report = await usage.query.ask(workspace, question, ctx.req.signal);
    const labelOf = await loadLabels(
      services,
      workspace,
      question.groupBy,
      report.groups.map(({ key }) => key),
    );
    return ctx.json(usageAnswer(report, labelOf), {
      headers: { "cache-control": "no-store" },
    });
  },
}));
