import type { VNode } from "preact";
import { useRef, useState } from "preact/hooks";
import { actsOf } from "@/components/documents/DocumentActs.tsx";
import { DocumentState } from "@/components/documents/DocumentState.tsx";
import { useDocumentNews } from "@/components/documents/use_document_news.ts";
import type { Document } from "@/lib/shared/wire.ts";

const DEADLINE_MS = 30_000;

/** Where one document stands, as it changes; once it is read, the page shows what came out. */
export default function DocumentProgress(
  props: { document: Document },
): VNode {
  const [document, setDocument] = useState(props.document);
  const [isBehind, setIsBehind] = useState(false);
  const shown = useRef(pageOf(props.document));
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
      if (pageOf(now) === shown.current) return;
      // What the page shows besides is made by the server.
      if (isInUse()) setIsBehind(true);
      else {
        shown.current = pageOf(now);
        location.reload();
      }
    },
  });
  return (
    <>
      <DocumentState document={document} />
      {isBehind && (
        <p class="hint">
          <a href={`/documents/${id}`}>Show what has come of it</a>
        </p>
      )}
    </>
  );
}

/** What decides how the rest of the page looks: what one can do, and whether it is here at all. */
function pageOf(document: Document): string {
  const { state } = document;
  return [state === "uploading", state === "ready", ...actsOf(document)].join();
}

/** Somebody reads further down or types something, which a new page would take from them. */
function isInUse(): boolean {
  const page = globalThis.document.querySelector(".page");
  const fields = [...page?.querySelectorAll("input") ?? []];
  return (page?.scrollTop ?? 0) > 0 ||
    fields.some(({ value, defaultValue }) => value !== defaultValue);
}
