import type { VNode } from "preact";
import { formatCount } from "@/lib/shared/documents/document_words.ts";
import type { Document, DocumentChunk } from "@/lib/shared/wire.ts";

/** The pieces of a document that can be found, in their order. */
export function DocumentChunks(
  { document, chunks, from, next }: {
    document: Document;
    chunks: readonly DocumentChunk[];
    /** The first that is shown, from 1. */
    from: number;
    /** The first of the next page; null: there is none. */
    next: number | null;
  },
): VNode {
  const here = `/documents/${document.id}`;
  if (chunks.length === 0) {
    return <p class="soft">Nothing of it can be found yet.</p>;
  }
  return (
    <>
      <ol class="chunks" start={from}>
        {chunks.map(({ number, place, heading, text }) => (
          <li key={number} id={`chunk-${number}`} value={number}>
            <p class="hint">
              {[place, heading].filter(Boolean).join(", ")}
            </p>
            <pre class="chunk-text">{text}</pre>
          </li>
        ))}
      </ol>
      {document.isCutOff && next === null && (
        <p class="hint">
          Only the first {formatCount(document.chunks)}{" "}
          pieces of it can be found.
        </p>
      )}
      {(from > 1 || next !== null) && (
        <nav class="pager" aria-label="Pieces">
          {from > 1 && (
            <a class="btn btn-small" href={`${here}#chunks`}>First</a>
          )}
          {next !== null && (
            <a class="btn btn-small" href={`${here}?from=${next}#chunks`}>
              More
            </a>
          )}
        </nav>
      )}
    </>
  );
}
