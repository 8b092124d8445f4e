import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";

/** A piece of a document that an answer was given, as `GET /api/runs/:id/sources` lists it. */
export interface AnswerSource {
  documentId: string;
  name: string;
  /** Number of the piece in the document, from 1. */
  chunk: number;
  /** Where it is in the document, in words. */
  place: string;
}

/** What the last answer on view was given from documents, each with a link to the very place. */
export function AnswerSources(
  { sources }: { sources: readonly AnswerSource[] },
): VNode {
  const byDocument = Map.groupBy(sources, ({ documentId }) => documentId);
  const [first, ...others] = [...byDocument.values()];
  return (
    <details class="dock-callout answer-sources">
      <summary>
        <Icon name="book" small />
        <span class="cut">
          Sources of the last answer: {first[0].name}
          {others.length > 0 && ` and ${others.length} more`}
        </span>
      </summary>
      <ul>
        {[first, ...others].map((pieces) => (
          <li key={pieces[0].documentId}>
            <b>{pieces[0].name}</b>
            <ul>
              {pieces.map(({ documentId, chunk, place }) => (
                <li key={chunk}>
                  <a href={`/documents/${documentId}?from=${chunk}#chunks`}>
                    {place}
                  </a>
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </details>
  );
}
