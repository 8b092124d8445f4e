import type { VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import type { AnswerSource, Page } from "@/lib/shared/wire.ts";

type State =
  | { step: "loading" }
  | { step: "refused"; message: string }
  | { step: "there"; sources: AnswerSource[] };

async function load(runId: string): Promise<State> {
  try {
    const requests = new ChatRequests(browserFetch);
    const response = await requests.send(`/api/runs/${runId}/sources`);
    const { items }: Page<AnswerSource> = await response.json();
    return { step: "there", sources: items };
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    return { step: "refused", message: error.refusal.message };
  }
}

/** The passages of documents that an answer was given, with the way to each document. */
export function SourceList({ runId }: { runId: string }): VNode {
  const [state, setState] = useState<State>({ step: "loading" });
  const list = useRef<HTMLOListElement>(null);
  useEffect(() => {
    if (state.step === "loading") void load(runId).then(setState);
    // The button that had the keys is gone; they stay where it was.
    if (document.activeElement === document.body) {
      list.current?.focus({ preventScroll: true });
    }
  }, [state.step]);
  if (state.step === "loading") return <p class="step-body">Loading</p>;
  if (state.step === "refused") {
    return (
      <div class="step-body" role="alert">
        <p>{state.message}</p>
        <button
          class="btn btn-small"
          type="button"
          onClick={() => setState({ step: "loading" })}
        >
          Try again
        </button>
      </div>
    );
  }
  return (
    <ol class="step-body source-list" tabIndex={-1} ref={list}>
      {state.sources.map((source) => (
        <Source
          key={`${source.documentId} ${source.chunk}`}
          source={source}
        />
      ))}
    </ol>
  );
}

function Source({ source }: { source: AnswerSource }): VNode {
  const { documentId, name, chunk, place, beginning } = source;
  return (
    <li>
      {beginning === null ? <span class="source-name">{name}</span> : (
        <a
          class="source-name"
          href={`/documents/${documentId}?from=${chunk}#chunk-${chunk}`}
        >
          {name}
        </a>
      )}
      <span class="hint">{place}</span>
      {beginning === null
        ? <p class="soft">This passage is there no more.</p>
        : <p>{beginning}</p>}
    </li>
  );
}
