import { type Context, page } from "fresh";
import { Head } from "fresh/runtime";
import { actsOf, DocumentActs } from "@/components/documents/DocumentActs.tsx";
import { DocumentChunks } from "@/components/documents/DocumentChunks.tsx";
import { DocumentFindings } from "@/components/documents/DocumentFindings.tsx";
import { DocumentResults } from "@/components/documents/DocumentResults.tsx";
import { DocumentSearch } from "@/components/documents/DocumentSearch.tsx";
import { DocumentSettings } from "@/components/documents/DocumentSettings.tsx";
import { PageHead } from "@/components/PageHead.tsx";
import { PlacesPage } from "@/components/PlacesPage.tsx";
import DocumentProgress from "@/islands/DocumentProgress.tsx";
import { readChunkCursor } from "@/lib/http/document_query.ts";
import { loadProjects } from "@/lib/http/task_page.ts";
import { loadPlaces } from "@/lib/http/viewer.ts";
import { documentFacts } from "@/lib/shared/documents/document_words.ts";
import { define, type State } from "@/utils.ts";

/** Pieces on one page. */
const SHOWN_CHUNKS = 10;

async function load({ state, url, req, params }: Context<State>) {
  const { services: { documents, documentSearch }, space } = state;
  const { signal } = req;
  const id = params.document;
  const query = url.searchParams.get("q")?.trim() ?? "";
  const from = readChunkCursor(url.searchParams.get("from"));
  const [document, places, profile, chunks, projects, results] = await Promise
    .all([
      documents.get(space, id),
      loadPlaces(state),
      documents.profile(space, id, signal),
      documents.chunks(space, id, from, SHOWN_CHUNKS + 1, signal),
      loadProjects(state),
      query === "" ? null : documentSearch.find(
        space,
        { text: query, documentId: id, limit: 1 },
        signal,
      ),
    ]);
  return {
    document,
    ...places,
    profile,
    chunks,
    from,
    projects,
    query,
    results,
  };
}

export const handler = define.handlers({
  async GET(ctx) {
    return page(await load(ctx));
  },
});

/** `/documents/:id`: what is in a document. */
export default define.page<typeof handler>(function DocumentPage({ data }) {
  const { document, viewer, profile, chunks, from, query, results } = data;
  const here = `/documents/${document.id}`;
  const readsOnly = viewer.role === "viewer";
  return (
    <PlacesPage viewer={viewer}>
      <Head>
        <title>{`${document.name} · Freshet`}</title>
      </Head>
      <PageHead>
        <a href="/documents">Documents</a>
        <span class="faint" aria-hidden="true">/</span>
        <span class="cut" aria-current="page">{document.name}</span>
      </PageHead>
      <div class="page documents">
        <div class="page-head">
          <div>
            <h1 class="wrap-any">{document.name}</h1>
            <p class="lede">{documentFacts(document)}</p>
          </div>
          <div class="btn-row">
            {document.state !== "uploading" && document.bytes !== null && (
              <a
                class="btn btn-small"
                href={`/api${here}/content`}
                download={document.name}
              >
                Download
              </a>
            )}
            {!readsOnly && (
              <DocumentActs
                document={document}
                acts={actsOf(document)}
                back={here}
              />
            )}
          </div>
        </div>
        <div class="document-state">
          <DocumentProgress document={document} />
        </div>
        {document.state === "uploading" && !readsOnly && (
          <p class="hint">
            An upload that was cut goes on when the same file is chosen again in
            the same browser, under{" "}
            <a href="/documents">Documents</a>. After 24 hours it is given up.
          </p>
        )}
        {document.jobId !== null && document.state !== "ready" && (
          <p class="hint">
            <a href={`/jobs/${document.jobId}`}>The job that reads it</a>
          </p>
        )}
        {profile !== null && (
          <section class="section" aria-labelledby="profile-title">
            <h2 id="profile-title">What is in it</h2>
            <DocumentFindings profile={profile} />
          </section>
        )}
        <section class="section" id="chunks" aria-labelledby="chunks-title">
          <h2 id="chunks-title">What can be found</h2>
          {chunks.length > 0 && (
            <DocumentSearch
              action={here}
              label="Search in this document"
              query={query}
            />
          )}
          {results !== null && <DocumentResults results={results} isAlone />}
          <DocumentChunks
            document={document}
            chunks={chunks.slice(0, SHOWN_CHUNKS)}
            from={from}
            next={chunks[SHOWN_CHUNKS]?.number ?? null}
          />
        </section>
        {!readsOnly && (
          <section class="section" aria-labelledby="settings-title">
            <h2 id="settings-title">Name and project</h2>
            <DocumentSettings
              document={document}
              projects={data.projects}
            />
          </section>
        )}
      </div>
    </PlacesPage>
  );
});
