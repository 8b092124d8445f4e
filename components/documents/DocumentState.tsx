import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import {
  DOCUMENT_STATE_WORDS,
  documentProgress,
  isAtWork,
} from "@/lib/shared/documents/document_words.ts";
import type { Document } from "@/lib/shared/wire.ts";

/** Ticks stand at each tenth; those at the ends and in the middle are longer. */
const TICKS = Array.from({ length: 11 }, (_, index) => index);

export interface DocumentStateProps {
  document: Document;
  /** What the page knows better than the server: that an upload waits for the network. */
  note?: string;
}

/** Where a document stands: a level while something goes on, else a word and why. */
export function DocumentState(
  { document, note }: DocumentStateProps,
): VNode {
  const { state, error } = document;
  if (state === "uploading" || isAtWork(document)) {
    return <Level document={document} note={note} />;
  }
  const kind = state === "ready" ? "good" : state === "failed" ? "bad" : "warn";
  return (
    <span class="status" data-state={kind}>
      <Icon name={state === "ready" ? "check" : "alert"} />
      <span class="job-reason">
        {DOCUMENT_STATE_WORDS[state]}
        {error !== null && `: ${error}`}
      </span>
    </span>
  );
}

function Level({ document, note }: DocumentStateProps): VNode {
  const { value, text } = documentProgress(document);
  const percent = Math.floor(Math.min(Math.max(value, 0), 1) * 100);
  const words = note ?? text;
  const state = DOCUMENT_STATE_WORDS[document.state];
  return (
    <div class="metered job-progress">
      <span class="cut" title={words}>{words === "" ? state : words}</span>
      <span class="tnum soft">{state} {percent} %</span>
      <svg
        class="gauge"
        role="progressbar"
        aria-label={`Progress of ${document.name}`}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={`${state}, ${percent} %`}
      >
        <rect class="gauge-bed" y="1" width="100%" height="6" />
        <rect class="gauge-fill" y="1" width={`${percent}%`} height="6" />
        {TICKS.map((tick) => (
          <line
            key={tick}
            x1={`${tick * 10}%`}
            x2={`${tick * 10}%`}
            y1="9"
            y2={tick % 5 === 0 ? "14" : "12"}
          />
        ))}
      </svg>
    </div>
  );
}
