import type { VNode } from "preact";
import { Moment } from "@/components/Moment.tsx";
import { documentFacts } from "@/lib/shared/documents/document_words.ts";
import { actsOf, DocumentActs } from "./DocumentActs.tsx";
import type { DocumentActsProps } from "./DocumentActs.tsx";
import { DocumentState } from "./DocumentState.tsx";

export interface DocumentItemProps extends Omit<DocumentActsProps, "acts"> {
  /** Name of its project; null: it has none, or one that is gone. */
  project: string | null;
  nowMs: number;
  readsOnly: boolean;
  note?: string;
  /** Whether its bytes are on their way from this very page. */
  isSentHere?: boolean;
}

/** A document in a list: what it is, where it stands, and what one can do. */
export function DocumentItem(props: DocumentItemProps): VNode {
  const { document, project, nowMs, readsOnly, note, isBusy } = props;
  const isResting = document.state === "uploading" && !props.isSentHere;
  const facts = documentFacts(document);
  return (
    <li
      class="job"
      id={document.id}
      data-status={document.state}
      aria-busy={isBusy ? "true" : undefined}
    >
      <div class="job-what">
        <a class="job-name" href={`/documents/${document.id}`}>
          {document.name}
        </a>
        <div class="job-sub">
          {facts !== "" && `${facts}, `}
          added <Moment at={document.createdAt} nowMs={nowMs} />
          {project !== null && document.projectId !== null && (
            <>
              , in <a href={`/projects/${document.projectId}`}>{project}</a>
            </>
          )}
        </div>
      </div>
      <div class="job-mid">
        <DocumentState document={document} note={note} />
        {isResting && !readsOnly && (
          <div class="job-sub">Choose the same file again to go on.</div>
        )}
      </div>
      {readsOnly
        ? <span />
        : <DocumentActs {...props} acts={[...actsOf(document), "delete"]} />}
    </li>
  );
}
