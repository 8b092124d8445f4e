import { page } from "fresh";
import { DocsFrame } from "@/components/docs/DocsFrame.tsx";
import { Words } from "@/components/docs/Words.tsx";
import { listGuides } from "@/lib/http/guides.ts";
import { operationRows } from "@/lib/http/openapi/operation_facts.ts";
import { define } from "@/utils.ts";

export const handler = define.handlers({
  async GET() {
    return page({ guides: await listGuides(), chapters: operationRows() });
  },
});

/** `/docs`: the manual, and what the APIs can do. */
export default define.page<typeof handler>(function Docs({ data }) {
  return (
    <DocsFrame
      isIndex
      title="Manual"
      lede="How to use and run this server, and what programs can ask of it."
    >
      {data.guides.length > 0 && (
        <section class="section">
          <div class="section-head">
            <h2>Guides</h2>
          </div>
          <ul class="docs-guides">
            {data.guides.map(({ slug, title }) => (
              <li key={slug}>
                <a href={`/docs/${slug}`}>{title}</a>
              </li>
            ))}
          </ul>
        </section>
      )}
      {data.chapters.map(({ tag, description, rows }) => (
        <section key={tag} class="section">
          <div class="section-head">
            <h2>{tag}</h2>
          </div>
          <p class="soft">{description}</p>
          <ul class="docs-operations">
            {rows.map(({ id, method, path, summary }) => (
              <li key={id}>
                <a href={`/docs/operations/${id}`}>
                  <span class="docs-method">{method}</span>
                  <code>{path}</code>
                </a>
                <span class="soft">
                  <Words text={summary} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </DocsFrame>
  );
});
