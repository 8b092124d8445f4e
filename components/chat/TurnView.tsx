import { Component, type VNode } from "preact";
import { CopyButton } from "@/components/CopyButton.tsx";
import { Icon } from "@/components/Icon.tsx";
import { Markdown } from "@/components/markdown/Markdown.tsx";
import type { Answer } from "@/lib/shared/chat/answer.ts";
import type { Turn } from "@/lib/shared/chat/turns.ts";
import { formatMoment, formatWholeDuration } from "@/lib/shared/format.ts";
import { AnswerLine, AnswerNote, useAnswerFacts } from "./AnswerFacts.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import { QuestionText } from "./QuestionText.tsx";
import { AnswerTrouble, RefusalTrouble } from "./Trouble.tsx";

export interface TurnViewProps {
  turn: Turn;
  /** From 1. */
  number: number;
  isLast: boolean;
  clock: Clock;
  /** Names for people by model id. */
  labels: Record<string, string>;
  onRetry: (questionId: string) => void;
}

/** One turn. It renders again only when something of it changed. */
export class TurnView extends Component<TurnViewProps> {
  override shouldComponentUpdate(next: TurnViewProps): boolean {
    const { props } = this;
    return next.turn !== props.turn || next.isLast !== props.isLast ||
      next.number !== props.number || next.clock !== props.clock;
  }

  render({ turn, number, isLast, clock, labels, onRetry }: TurnViewProps) {
    const { question, answer, refusal } = turn;
    const retry = () => onRetry(question.id);
    const asked = new Date(question.createdAt);
    return (
      <article
        class="turn"
        id={`t${number}`}
        data-last={isLast ? "true" : undefined}
        aria-label={`Turn ${number}`}
      >
        <a
          class="turn-no"
          href={`#t${number}`}
          aria-label={`Link to turn ${number}`}
        >
          {number}
        </a>
        <QuestionText text={question.content} />
        <div class="note ask-note">
          <time dateTime={question.createdAt}>
            {formatMoment(asked, new Date(clock.nowMs), clock.timeZone)}
          </time>
        </div>
        {answer !== null && (
          <AnswerView
            answer={answer}
            label={labels[answer.model ?? ""] ?? answer.model ?? ""}
            onRetry={isLast && refusal === null ? retry : undefined}
          />
        )}
        {refusal !== null && (
          <div class={answer === null ? "answer" : "answer answer-again"}>
            <RefusalTrouble
              refusal={refusal}
              onRetry={isLast || answer === null ? retry : undefined}
            />
          </div>
        )}
      </article>
    );
  }
}

interface AnswerViewProps {
  answer: Answer;
  label: string;
  onRetry?: () => void;
}

function AnswerView({ answer, label, onRetry }: AnswerViewProps): VNode {
  const facts = useAnswerFacts(answer);
  const isLive = answer.status === "streaming";
  const isEmpty = answer.status === "complete" && answer.text === "";
  return (
    <>
      <div class="answer">
        {answer.reasoning !== "" && <Reasoning answer={answer} />}
        {isEmpty
          ? <p class="soft">The model ended without an answer.</p>
          : (isLive || answer.text !== "") && (
            <Markdown text={answer.text} isLive={isLive} />
          )}
        {answer.status === "stopped" && (
          <p class="stopped">
            {answer.text === ""
              ? "Stopped before anything had arrived."
              : "Stopped here. What had arrived is kept."}
          </p>
        )}
        <AnswerTrouble answer={answer} onRetry={onRetry} />
        <div class="acts">
          {!isLive && answer.text !== "" && (
            <CopyButton text={answer.text} label="Copy answer" />
          )}
          {(answer.status === "stopped" || isEmpty) && onRetry && (
            <button
              class="btn btn-quiet btn-small"
              type="button"
              onClick={onRetry}
            >
              <Icon name="retry" small />
              Retry
            </button>
          )}
        </div>
        <AnswerLine label={label} facts={facts} />
      </div>
      <AnswerNote label={label} facts={facts} />
    </>
  );
}

function Reasoning({ answer }: { answer: Answer }): VNode {
  const { firstTokenAtMs, firstTextAtMs, endedAtMs, status } = answer;
  const endMs = firstTextAtMs ?? endedAtMs;
  const isThinking = endMs === null && status === "streaming";
  const spanMs = firstTokenAtMs === null || endMs === null
    ? null
    : endMs - firstTokenAtMs;
  return (
    <div class="steps">
      <details class="step">
        <summary>
          <Icon name="drop" />
          {isThinking
            ? "Thinking"
            : spanMs === null
            ? "Thought"
            : `Thought for ${formatWholeDuration(spanMs)}`}
          <Icon name="right" turnable />
        </summary>
        <div class="step-body">
          {answer.reasoning.trim().split(/\n\s*\n/).map((paragraph, index) => (
            <p key={index}>{paragraph}</p>
          ))}
        </div>
      </details>
    </div>
  );
}
