import type { VNode } from "preact";
import { useLayoutEffect } from "preact/hooks";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import { focusComposer } from "./Composer.tsx";
import type { Follow } from "./use_follow.ts";
import { TurnView } from "./TurnView.tsx";

export interface ThreadViewProps {
  session: ChatSession;
  follow: Follow;
  clock: Clock;
  labels: Record<string, string>;
}

/** The log of turns. It is not live: the status region says what matters, never each token. */
export function ThreadView(
  { session, follow, clock, labels }: ThreadViewProps,
): VNode {
  const turns = session.turns.value;
  const retry = (questionId: string) => {
    focusComposer();
    session.retry(questionId);
  };
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
      <div class="turns" ref={follow.turns}>
        {turns.map((turn, index) => (
          <TurnView
            key={turn.question.id}
            turn={turn}
            number={index + 1}
            isLast={index === turns.length - 1}
            clock={clock}
            labels={labels}
            onRetry={retry}
          />
        ))}
      </div>
      <div ref={follow.rest} aria-hidden="true"></div>
    </div>
  );
}
