import type { VNode } from "preact";
import { Marked } from "@/components/search/Marked.tsx";
import type { DocumentResult } from "@/lib/shared/wire.ts";

/** Where something was found: documents, and in them the pieces that have it. */
export function DocumentResults(
  { results, isAlone = false }: {
    results: readonly DocumentResult[];
    /** Whether the page is of this one document. */
    isAlone?: boolean;
  },
): VNode {
  if (results.every(({ chunks }) => chunks.length === 0)) {
    return <p class="soft">Nothing here has all of these words.</p>;
  }
  return (
    <ul class="document-results">
      {results.map(({ documentId, name, chunks }) => (
        <li key={documentId}>
          {!isAlone && (
            <a class="job-name" href={`/documents/${documentId}`}>{name}</a>
          )}
          <ul>
            {chunks.map(({ number, place, snippet, ranges }) => (
              <li key={number} class="found-chunk">
                <a
                  class="tnum"
                  href={`/documents/${documentId}?from=${number}#chunks`}
                >
                  {place === "" ? `piece ${number}` : place}
                </a>
                <p>
                  <Marked text={snippet} ranges={ranges} />
                </p>
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ul>
  );
}
