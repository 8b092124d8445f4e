import type { RefObject, VNode } from "preact";
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
  const show = async (event: Event) => {
    event.preventDefault();
    const { showEarlierTurns } = await import("./show_earlier.ts");
    await showEarlierTurns(session, log.current!);
  };
  return (
    <p class="earlier">
      <a class="btn btn-small" href={`?before=${count + 1}`} onClick={show}>
        Show earlier
      </a>
      <span class="hint">
        {count === 1 ? "1 turn" : `${formatCount(count)} turns`} before these
      </span>
    </p>
  );
}
