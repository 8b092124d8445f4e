import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Answer } from "@/lib/shared/chat/answer.ts";
import type { Refusal } from "@/lib/shared/chat/turns.ts";

interface TroubleProps {
  kind: "bad" | "warn";
  what: string;
  /** What is kept, and what to do next. */
  next: string;
  details: string;
  onRetry?: () => void;
  onContinue?: () => void;
}

/** A text as its first sentence and what follows. */
function firstSentence(text: string): [string, string] {
  const end = /[.!?](?=\s+[A-Z])/.exec(text);
  return end === null
    ? [text, ""]
    : [text.slice(0, end.index + 1), text.slice(end.index + 1).trim()];
}

/** What went wrong, what is safe, and the way on, in the place of the answer. */
function Trouble(
  { kind, what, next, details, onRetry, onContinue }: TroubleProps,
): VNode {
  const [first, rest] = firstSentence(what);
  return (
    <div class="callout" data-kind={kind}>
      <Icon name="alert" />
      <p>
        <strong>{first}</strong> {rest} {next}
      </p>
      {onRetry && (
        <div class="btn-row">
          {onContinue && (
            <button class="btn btn-small" type="button" onClick={onContinue}>
              Continue
            </button>
          )}
          <button class="btn btn-small" type="button" onClick={onRetry}>
            <Icon name="retry" small />
            Retry
          </button>
        </div>
      )}
      <details>
        <summary>Details</summary>
        <p class="mono">{details}</p>
      </details>
    </div>
  );
}

/** The server did not begin an answer. */
export function RefusalTrouble(
  { refusal, onRetry }: { refusal: Refusal; onRetry?: () => void },
): VNode {
  const parts = [
    refusal.code,
    refusal.status === null ? "" : `status ${refusal.status}`,
    refusal.requestId ?? "",
  ];
  return (
    <Trouble
      kind="bad"
      what={refusal.message}
      next="Your question is kept here, not sent."
      details={parts.filter((part) => part !== "").join(", ")}
      onRetry={onRetry}
    />
  );
}

/** The answer ended before its time; null when it did not. */
export function AnswerTrouble(
  { answer, onRetry, onContinue }: {
    answer: Answer;
    onRetry?: () => void;
    onContinue?: () => void;
  },
): VNode | null {
  const kept = answer.text === ""
    ? "Your question is kept."
    : "What had arrived is kept above.";
  const details = [answer.error?.code ?? answer.status, answer.runId ?? ""]
    .filter((part) => part !== "").join(", ");
  const { status } = answer;
  // A complete answer has an error only where a budget has cut it off.
  if (status === "failed" || (status === "complete" && answer.error)) {
    return (
      <Trouble
        kind="bad"
        what={answer.error?.message ?? "The answer failed."}
        next={kept}
        details={details}
        onRetry={onRetry}
        onContinue={onContinue}
      />
    );
  }
  if (answer.status === "interrupted") {
    return (
      <Trouble
        kind="warn"
        what="The answer was interrupted: the server went down while writing it."
        next={kept}
        details={details}
        onRetry={onRetry}
        onContinue={onContinue}
      />
    );
  }
  return null;
}
