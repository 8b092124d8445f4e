import type { VNode } from "preact";
import { computed } from "@preact/signals";
import { useLayoutEffect, useMemo } from "preact/hooks";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { focusComposer } from "./Composer.tsx";
import type { Follow } from "./use_follow.ts";
import { EarlierTurns } from "./EarlierTurns.tsx";
import { TurnView } from "./TurnView.tsx";
import type { TurnActions } from "./turn_actions.ts";

export interface ThreadViewProps {
  session: ChatSession;
  follow: Follow;
  clock: Clock;
  labels: Record<string, string>;
}

const later = () => import("@/lib/shared/chat/branching.ts");

function toActions(session: ChatSession): TurnActions {
  return {
    isLocked: computed(() => isAnswering(session.turns.value)),
    retry(questionId) {
      focusComposer();
      session.retry(questionId);
    },
    goOn() {
      focusComposer();
      void later().then((it) => it.continueAnswer(session));
    },
    show: (messageId) =>
      void later().then((it) => it.showVersion(session, messageId)),
    edit(questionId) {
      session.editing.value = questionId;
      if (questionId === null) focusComposer();
    },
    makeTask(text) {
      const thread = session.thread.peek();
      const threadId = thread?.temporary === false ? thread.id : null;
      const projectId = thread?.projectId ?? null;
      void import("@/components/tasks/MakeTask.tsx")
        .then((it) => it.openMakeTask({ threadId, projectId, text }));
    },
    async ask(questionId, newId, content) {
      const { editQuestion } = await later();
      const refusal = await editQuestion(session, questionId, newId, content);
      if (refusal === null) focusComposer();
      return refusal;
    },
  };
}

/** The log of turns. It is not live: the status region says what matters, never each token. */
export function ThreadView(
  { session, follow, clock, labels }: ThreadViewProps,
): VNode {
  const turns = session.turns.value;
  const earlier = session.earlier.value;
  const actions = useMemo(() => toActions(session), []);
  useLayoutEffect(() => follow.watch(), []);
  return (
    <div
      class="thread"
      role="log"
      aria-label="Thread"
      aria-live="off"
      aria-busy={isAnswering(turns) ? "true" : "false"}
      tabIndex={0}
      ref={follow.log}
    >
      {earlier > 0 && (
        <EarlierTurns session={session} count={earlier} log={follow.log} />
      )}
      <div class="turns" ref={follow.turns}>
        {turns.map((turn, index) => (
          <TurnView
            key={turn.question.id}
            turn={turn}
            number={earlier + index + 1}
            isLast={index === turns.length - 1}
            clock={clock}
            labels={labels}
            isEditing={session.editing.value === turn.question.id}
            actions={actions}
          />
        ))}
      </div>
      <div ref={follow.rest} aria-hidden="true"></div>
    </div>
  );
}
