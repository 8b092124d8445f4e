import type { VNode } from "preact";
import { useMemo } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";
import type { Setup } from "@/lib/shared/chat/setup.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import type { Model } from "@/lib/shared/wire.ts";
import { useClock } from "./use_clock.ts";
import { Composer } from "./Composer.tsx";
import { type Follow, useFollow } from "./use_follow.ts";
import { ThreadView } from "./ThreadView.tsx";
import { Welcome } from "./Welcome.tsx";

export interface ChatBodyProps {
  session: ChatSession;
  models: Model[];
  setup: Setup;
  clock: Clock;
}

/** The thread, or the welcome while there is none, with the composer below. */
export function ChatBody(props: ChatBodyProps): VNode {
  const { session, models, setup } = props;
  const clock = useClock(props.clock);
  const follow = useFollow(session.asked);
  const labels = useMemo(
    () => Object.fromEntries(models.map(({ id, label }) => [id, label])),
    [models],
  );
  const hasTurns = session.turns.value.length > 0;
  const isWelcome = !hasTurns && session.thread.value === null;
  const startWith = (question: string) => {
    session.write(question);
    document.getElementById("message")?.focus();
  };
  return (
    <>
      {isWelcome
        ? <Welcome key="welcome" setup={setup} onStart={startWith} />
        : (
          <ThreadView
            key="thread"
            session={session}
            follow={follow}
            clock={clock}
            labels={labels}
          />
        )}
      <div class="dock" key="dock">
        <Notice session={session} />
        <div class="dock-inner">
          <JumpButton session={session} follow={follow} />
          <Composer
            session={session}
            models={models}
            placeholder={setup.kind === "demo"
              ? "Ask the manual"
              : "Ask a question"}
          />
        </div>
        {isWelcome && (
          <p class="dock-note">
            Threads stay on this server. Models you connect receive what you
            send them.
          </p>
        )}
      </div>
    </>
  );
}

function Notice({ session }: { session: ChatSession }): VNode | null {
  const notice = session.notice.value;
  if (notice === null) return null;
  return (
    <div class="callout dock-callout" data-kind="warn">
      <Icon name="alert" />
      <p>
        <strong>{notice.message}</strong> Try again in a moment.
      </p>
    </div>
  );
}

function JumpButton(
  { session, follow }: { session: ChatSession; follow: Follow },
): VNode | null {
  if (!follow.hasUnseen.value) return null;
  return (
    <button class="btn btn-small jump" type="button" onClick={follow.toEnd}>
      <Icon name="down" small />
      {isAnswering(session.turns.value) ? "New text below" : "Jump to the end"}
    </button>
  );
}
