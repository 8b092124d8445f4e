import { HttpError, page } from "fresh";
import { DocsFrame } from "@/components/docs/DocsFrame.tsx";
import { OperationView } from "@/components/docs/OperationView.tsx";
import { operationFacts } from "@/lib/http/openapi/operation_facts.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  GET(ctx) {
    const found = operationFacts(ctx.params.id);
    if (found === null) throw new HttpError(404);
    return page(found);
  },
});

/** `/docs/operations/:id`: what one operation of the APIs takes and answers. */
export default define.page<typeof handler>(function OperationPage({ data }) {
  return (
    <DocsFrame title={data.summary}>
      <OperationView facts={data.facts} />
    </DocsFrame>
  );
});
