import type { ComponentChildren, VNode } from "preact";
import { useMemo } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { signedOut } from "@/lib/shared/chat/signed_out.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";
import type { Clock } from "@/lib/shared/clock.ts";
import type { Model } from "@/lib/shared/wire.ts";
import { useClock } from "./use_clock.ts";
import { Composer } from "./Composer.tsx";
import { type Follow, useFollow } from "./use_follow.ts";
import { ThreadView } from "./ThreadView.tsx";

export interface ChatBodyProps {
  session: ChatSession;
  models: Model[];
  /** Whether the demo answers. */
  isDemo: boolean;
  /** What shows while there is no thread; what it marks with `data-question` goes into the composer. */
  welcome: ComponentChildren;
  clock: Clock;
}

/** The thread, or the welcome while there is none, with the composer below. */
export function ChatBody(props: ChatBodyProps): VNode {
  const { session, models, isDemo, welcome } = props;
  const clock = useClock(props.clock);
  const follow = useFollow(
    session.asked,
    () => isAnswering(session.turns.peek()),
  );
  const labels = useMemo(
    () => Object.fromEntries(models.map(({ id, label }) => [id, label])),
    [models],
  );
  const hasTurns = session.turns.value.length > 0;
  const isWelcome = !hasTurns && session.thread.value === null;
  const startWith = (event: Event) => {
    const pressed = (event.target as Element).closest("[data-question]");
    if (!(pressed instanceof HTMLElement)) return;
    session.box.write(pressed.dataset.question ?? "");
    document.getElementById("message")?.focus();
  };
  return (
    <>
      {isWelcome
        ? <div key="welcome" class="page" onClick={startWith}>{welcome}</div>
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
        {signedOut.value}
        <Notice session={session} />
        <div id="away" />
        <Composer
          session={session}
          models={models}
          placeholder={isDemo ? "Ask the manual" : "Ask a question"}
        >
          <JumpButton session={session} follow={follow} />
        </Composer>
        {isWelcome && <NewThreadNote session={session} />}
      </div>
    </>
  );
}

/** What becomes of a new thread, and the switch for one that is kept nowhere. */
function NewThreadNote({ session }: { session: ChatSession }): VNode {
  const isTemporary = session.isTemporary.value;
  return (
    <div class="dock-note new-note">
      <label class="check">
        <input
          class="switch"
          type="checkbox"
          role="switch"
          checked={isTemporary}
          onChange={(event) =>
            session.setTemporary(event.currentTarget.checked)}
        />
        <span>Temporary: not kept, not in lists</span>
      </label>
      <p>
        {isTemporary
          ? "Gone 60 minutes after its last answer. Models you connect receive what you send them."
          : "Threads stay on this server. Models you connect receive what you send them."}
      </p>
    </div>
  );
}

/** What to do about a notice, by its code. */
const NEXT: Record<string, string> = {
  thread_deleted: "What it held stays on this page until you leave it.",
  not_loaded: "",
  other: "Try again in a moment.",
};

function Notice({ session }: { session: ChatSession }): VNode | null {
  const notice = session.notice.value;
  if (notice === null) return null;
  return (
    <div class="callout dock-callout" data-kind="warn">
      <Icon name="alert" />
      <p>
        <strong>{notice.message}</strong> {NEXT[notice.code] ?? NEXT.other}
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
