import { HttpError, page } from "fresh";
import { DocsFrame } from "@/components/docs/DocsFrame.tsx";
import { Markdown } from "@/components/markdown/Markdown.tsx";
import { loadGuide } from "@/lib/http/guides.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET(ctx) {
    const guide = await loadGuide(ctx.params.id);
    if (guide === null) throw new HttpError(404);
    return page(guide);
  },
});

/** `/docs/:id`: one page of the manual. */
export default define.page<typeof handler>(function GuidePage({ data }) {
  return (
    <DocsFrame title={data.title}>
      <Markdown text={data.markdown} isLive={false} />
    </DocsFrame>
  );
});
