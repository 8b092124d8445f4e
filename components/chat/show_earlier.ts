import { showEarlier } from "@/lib/shared/chat/branching.ts";
import type { ChatSession } from "@/lib/shared/chat/session.ts";

/** Brings earlier turns into view; what is being read stays where it is. */
export async function showEarlierTurns(
  session: ChatSession,
  pane: HTMLElement,
): Promise<void> {
  const fromEnd = pane.scrollHeight - pane.scrollTop;
  await showEarlier(session);
  // After the turns are drawn, and before they are painted.
  requestAnimationFrame(() => {
    pane.scrollTop = pane.scrollHeight - fromEnd;
    pane.focus({ preventScroll: true });
  });
}
