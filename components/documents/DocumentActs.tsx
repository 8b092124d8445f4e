import type { VNode } from "preact";
import { isAtWork } from "@/lib/shared/documents/document_words.ts";
import type { Document } from "@/lib/shared/wire.ts";

export type DocumentAct = "cancel" | "retry" | "reindex" | "delete";

const WORDS: Record<DocumentAct, string> = {
  cancel: "Cancel",
  retry: "Try again",
  reindex: "Read again",
  delete: "Delete",
};

/** What can be done about a document by one press. */
export function actsOf({ state, url, ...document }: Document): DocumentAct[] {
  if (isAtWork({ state })) return ["cancel"];
  if (state === "ready") return ["reindex"];
  const canRetry = state !== "uploading" &&
    (url !== null || document.bytes !== null);
  return canRetry ? ["retry"] : [];
}

export interface DocumentActsProps {
  document: Document;
  acts: readonly DocumentAct[];
  /** Page to come back to. */
  back: string;
  isBusy?: boolean;
  onAct?: (document: Document, act: DocumentAct) => void;
}

/** Each button is a form, so that it works before any script, or without. */
export function DocumentActs(
  { document, acts, back, isBusy = false, onAct }: DocumentActsProps,
): VNode {
  return (
    <div class="btn-row">
      {acts.map((act) => (
        <form
          key={act}
          method="post"
          action="/documents"
          onSubmit={(event) => {
            if (onAct === undefined) return;
            event.preventDefault();
            onAct(document, act);
          }}
        >
          <input type="hidden" name="action" value={act} />
          <input type="hidden" name="id" value={document.id} />
          <input type="hidden" name="back" value={back} />
          <button
            class={`btn btn-small${act === "delete" ? " btn-danger" : ""}`}
            type="submit"
            aria-label={`${WORDS[act]}: ${document.name}`}
            aria-busy={isBusy ? "true" : undefined}
          >
            {WORDS[act]}
          </button>
        </form>
      ))}
    </div>
  );
}
