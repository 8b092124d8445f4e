import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { DocumentResults } from "@/components/documents/DocumentResults.tsx";
import { DocumentSearch } from "@/components/documents/DocumentSearch.tsx";
import { FormTrouble } from "@/components/FormField.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import DocumentBoard from "@/islands/DocumentBoard.tsx";
import {
  actOnDocument,
  bringsFile,
  takeFile,
} from "@/lib/http/document_actions.ts";
import { readForm } from "@/lib/http/form.ts";
import { readPageQuery } from "@/lib/http/page_query.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import { loadProjects } from "@/lib/http/task_page.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

/** Documents in which something was found, at most. */
const MOST_RESULTS = 20;

async function load({ state, url, req }: Context<State>, form: FormState) {
  const { services: { documents, documentSearch }, space } = state;
  const query = url.searchParams.get("q")?.trim() ?? "";
  const paging = readPageQuery(url);
  const [places, list, projects, results] = await Promise.all([
    loadPlaces(state),
    documents.list(space, paging, req.signal),
    loadProjects(state),
    query === "" ? null : documentSearch.find(
      space,
      { text: query, documentId: null, limit: MOST_RESULTS },
      req.signal,
    ),
  ]);
  return {
    ...places,
    list,
    cursor: paging.cursor,
    projects: projects.map(({ id, name }) => ({ id, name })),
    query,
    results,
    form,
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx, EMPTY_FORM));
  },
  async POST(ctx) {
    try {
      const next = bringsFile(ctx.req)
        ? await takeFile(ctx.state, ctx.req)
        : await actOnDocument(ctx.state, await readForm(ctx.req));
      return ctx.redirect(next, 303);
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      return page(await load(ctx, error.form), { status: error.status });
    }
  },
});

/** `/documents`: what was taken in, and how far that is. */
export default define.page<typeof handler>(function DocumentsPage({ data }) {
  const { viewer, clock, list, cursor, query, results, form } = data;
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>
          {query === "" ? "Documents · Freshet" : `${query} · Freshet`}
        </title>
      </Head>
      <PageHead>
        <span class="cut" aria-current="page">Documents</span>
      </PageHead>
      <div class="page documents">
        <div class="page-head">
          <div>
            <h1>Documents</h1>
            <p class="lede">
              What is in them can be found, and quoted by answers.
            </p>
          </div>
        </div>
        <FormTrouble message={form.errors[""]} />
        {(list.items.length > 0 || query !== "") && (
          <DocumentSearch
            action="/documents"
            label="Search in documents"
            query={query}
          />
        )}
        {results !== null && (
          <section class="section" aria-labelledby="results-title">
            <h2 id="results-title">Found</h2>
            <DocumentResults results={results} />
          </section>
        )}
        <DocumentBoard
          page={list}
          cursor={cursor}
          projects={data.projects}
          form={form}
          readsOnly={viewer.role === "viewer"}
          nowMs={clock.nowMs}
        />
        {(cursor !== null || list.nextCursor !== null) && (
          <nav class="pager" aria-label="Pages of documents">
            {cursor !== null && (
              <a class="btn btn-small" href="/documents">Newest</a>
            )}
            {list.nextCursor !== null && (
              <a
                class="btn btn-small"
                href={`/documents?cursor=${list.nextCursor}`}
              >
                Older documents
              </a>
            )}
          </nav>
        )}
      </div>
    </PlacesPage>
  );
});
