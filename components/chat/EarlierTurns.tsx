import type { RefObject, VNode } from "preact";
import { useState } from "preact/hooks";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { formatCount } from "@/lib/shared/format.ts";

interface EarlierTurnsProps {
  session: ChatSession;
  /** Turns that come before the first on view. */
  count: number;
  log: RefObject<HTMLDivElement>;
}

/** The way to turns before the first on view; without script another page, with script in place. */
export function EarlierTurns(
  { session, count, log }: EarlierTurnsProps,
): VNode {
  const [isBusy, setIsBusy] = useState(false);
  const show = async () => {
    if (isBusy) return;
    setIsBusy(true);
    const pane = log.current!;
    const fromEnd = pane.scrollHeight - pane.scrollTop;
    await session.showEarlier();
    // What is being read stays where it is. After the turns are drawn, and before they are painted.
    requestAnimationFrame(() => {
      pane.scrollTop = pane.scrollHeight - fromEnd;
      pane.focus({ preventScroll: true });
    });
    setIsBusy(false);
  };
  return (
    <p class="earlier">
      <a
        class="btn btn-small"
        href={`?before=${count + 1}`}
        aria-busy={isBusy ? "true" : undefined}
        onClick={(event) => {
          event.preventDefault();
          void show();
        }}
      >
        Show earlier
      </a>
      <span class="hint">
        {count === 1 ? "1 turn" : `${formatCount(count)} turns`} before these
      </span>
    </p>
  );
}
