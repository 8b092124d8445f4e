import type { VNode } from "preact";
import { documentFacts } from "@/lib/shared/documents/document_words.ts";
import type { Document, Project } from "@/lib/shared/wire.ts";
import { DocumentState } from "./DocumentState.tsx";

/** The documents that answers in a project's threads may quote. */
export function ProjectDocuments(
  { project, documents, others, readsOnly }: {
    project: Project;
    documents: readonly Document[];
    /** Documents of no project, to be chosen from. */
    others: readonly Document[];
    readsOnly: boolean;
  },
): VNode {
  const here = `/projects/${project.id}`;
  return (
    <section class="section" id="documents" aria-labelledby="documents-title">
      <h2 id="documents-title">Documents</h2>
      <p class="soft">
        Answers in the threads of this project are given the passages of these
        that fit the question best.
      </p>
      {documents.length === 0
        ? <p class="soft">There are none yet.</p>
        : (
          <ul class="jobs">
            {documents.map((document) => (
              <li key={document.id} class="job">
                <div class="job-what">
                  <a class="job-name" href={`/documents/${document.id}`}>
                    {document.name}
                  </a>
                  <div class="job-sub">{documentFacts(document)}</div>
                </div>
                <div class="job-mid">
                  <DocumentState document={document} />
                </div>
                {readsOnly
                  ? <span />
                  : (
                    <form class="btn-row" method="post" action="/documents">
                      <input type="hidden" name="action" value="detach" />
                      <input type="hidden" name="id" value={document.id} />
                      <input type="hidden" name="back" value={here} />
                      <button
                        class="btn btn-small"
                        type="submit"
                        aria-label={`Take out: ${document.name}`}
                      >
                        Take out
                      </button>
                    </form>
                  )}
              </li>
            ))}
          </ul>
        )}
      {!readsOnly && (others.length > 0
        ? (
          <form class="attach-document" method="post" action="/documents">
            <input type="hidden" name="action" value="attach" />
            <input type="hidden" name="projectId" value={project.id} />
            <input type="hidden" name="back" value={here} />
            <div class="field">
              <label for="attach-document">Add a document</label>
              <select class="select" id="attach-document" name="id" required>
                {others.map(({ id, name }) => (
                  <option key={id} value={id}>{name}</option>
                ))}
              </select>
            </div>
            <button class="btn" type="submit">Add to project</button>
          </form>
        )
        : <a class="btn" href="/documents">Add documents</a>)}
    </section>
  );
}
