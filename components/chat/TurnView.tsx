import { Component, type VNode } from "preact";
import { CopyButton } from "@/components/CopyButton.tsx";
import { Icon } from "@/components/Icon.tsx";
import { Markdown } from "@/components/markdown/Markdown.tsx";
import { type Answer, shownText } from "@/lib/shared/chat/answer.ts";
import type { Turn } from "@/lib/shared/chat/turns.ts";
import { formatMoment, formatWholeDuration } from "@/lib/shared/format.ts";
import { AnswerLine, AnswerNote, useAnswerFacts } from "./AnswerFacts.tsx";
import type { Clock } from "@/lib/shared/clock.ts";
import { BranchSwitch } from "./BranchSwitch.tsx";
import { MakeTaskButton } from "./MakeTaskButton.tsx";
import { QuestionView } from "./QuestionView.tsx";
import { AnswerTrouble, RefusalTrouble } from "./Trouble.tsx";
import { TurnSources } from "./TurnSources.tsx";
import type { TurnActions } from "./turn_actions.ts";

export interface TurnViewProps {
  turn: Turn;
  /** From 1. */
  number: number;
  isLast: boolean;
  clock: Clock;
  /** Names for people by model id. */
  labels: Record<string, string>;
  /** Whether its question is being edited. */
  isEditing: boolean;
  actions: TurnActions;
}

/** One turn. It renders again only when something of it changed. */
export class TurnView extends Component<TurnViewProps> {
  override shouldComponentUpdate(next: TurnViewProps): boolean {
    const { props } = this;
    return next.turn !== props.turn || next.isLast !== props.isLast ||
      next.number !== props.number || next.clock !== props.clock ||
      next.isEditing !== props.isEditing;
  }

  render(props: TurnViewProps) {
    const { turn, number, isLast, clock, labels, isEditing, actions } = props;
    const { question, answer, refusal } = turn;
    const retry = () => actions.retry(question.id);
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
        <QuestionView
          question={question}
          isStored={answer !== null || refusal === null}
          isEditing={isEditing}
          actions={actions}
        />
        <div class="note ask-note">
          <time dateTime={question.createdAt}>
            {formatMoment(asked, new Date(clock.nowMs), clock.timeZone)}
          </time>
        </div>
        {answer !== null && (
          <AnswerView
            answer={answer}
            label={labels[answer.model ?? ""] ?? answer.model ?? ""}
            isLast={isLast && refusal === null}
            onRetry={retry}
            actions={actions}
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
  /** Whether nothing follows it. */
  isLast: boolean;
  onRetry: () => void;
  actions: TurnActions;
}

function AnswerView(
  { answer, label, isLast, onRetry, actions }: AnswerViewProps,
): VNode {
  const facts = useAnswerFacts(answer);
  const text = shownText(answer);
  const { status } = answer;
  const isLive = status === "streaming";
  const isEmpty = status === "complete" && text === "";
  const isBroken = status === "failed" || status === "interrupted";
  const goOn = isLast && text !== "" ? actions.goOn : undefined;
  return (
    <>
      <div class="answer">
        {answer.reasoning !== "" && <Reasoning answer={answer} />}
        {isEmpty
          ? <p class="soft">The model ended without an answer.</p>
          : (isLive || text !== "") && <Markdown text={text} isLive={isLive} />}
        {status === "stopped" && (
          <p class="stopped">
            {text === ""
              ? "Stopped before anything had arrived."
              : "Stopped here. What had arrived is kept."}
          </p>
        )}
        <AnswerTrouble
          answer={answer}
          onRetry={isLast ? onRetry : undefined}
          onContinue={goOn}
        />
        {!isLive && answer.sources && (
          <TurnSources
            key={answer.runId}
            runId={answer.runId!}
            count={answer.sources}
          />
        )}
        <div class="acts">
          {status === "stopped" && goOn && (
            <button class="btn btn-small go-on" type="button" onClick={goOn}>
              Continue
            </button>
          )}
          {!isLive && text !== "" && (
            <>
              <CopyButton text={text} label="Copy answer" />
              <MakeTaskButton text={text} actions={actions} />
            </>
          )}
          {!isLive && !(isBroken && isLast) && (
            <button
              class="btn btn-quiet btn-icon btn-small"
              type="button"
              aria-label="Retry"
              title="Answer again"
              onClick={onRetry}
            >
              <Icon name="retry" />
            </button>
          )}
          <BranchSwitch
            id={answer.messageId}
            siblings={answer.siblings}
            actions={actions}
          />
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
