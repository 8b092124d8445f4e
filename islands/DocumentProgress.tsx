import type { VNode } from "preact";
import { useState } from "preact/hooks";
import { DocumentState } from "@/components/documents/DocumentState.tsx";
import { useDocumentNews } from "@/components/documents/use_document_news.ts";
import { isAtWork } from "@/lib/shared/documents/document_words.ts";
import type { Document } from "@/lib/shared/wire.ts";

const DEADLINE_MS = 30_000;

/** Where one document stands, as it changes; once it is read, the page shows what came out. */
export default function DocumentProgress(
  props: { document: Document },
): VNode {
  const [document, setDocument] = useState(props.document);
  const wasAtWork = isAtWork(props.document);
  const { id } = props.document;
  useDocumentNews({
    onProgress: ({ id: told, progress, message }) => {
      if (told === id) setDocument((now) => ({ ...now, progress, message }));
    },
    read: async () => {
      const response = await fetch(`/api/documents/${id}`, {
        signal: AbortSignal.timeout(DEADLINE_MS),
      });
      if (!response.ok) return;
      const now: Document = await response.json();
      setDocument(now);
      // What the page shows besides is made by the server.
      if (wasAtWork && !isAtWork(now)) location.reload();
    },
  });
  return <DocumentState document={document} />;
}
