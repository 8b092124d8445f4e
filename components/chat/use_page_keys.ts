import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";

function somethingIsOpen(): boolean {
  return document.querySelector("dialog[open], :popover-open") !== null;
}

/** The page's shortcuts, as `KeysDialog` lists them. */
export function usePageKeys(
  session: ChatSession,
  dialog: RefObject<HTMLDialogElement>,
): void {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.isComposing || event.defaultPrevented) return;
      const isCommand = event.ctrlKey || event.metaKey;
      if (event.key === "Escape" && event.shiftKey) {
        event.preventDefault();
        document.getElementById("message")?.focus();
      } else if (event.key === "Escape" && !isCommand) {
        if (somethingIsOpen() || !isAnswering(session.turns.peek())) return;
        event.preventDefault();
        void session.stop();
      } else if (isCommand && event.shiftKey && event.code === "KeyO") {
        event.preventDefault();
        location.assign("/");
      } else if (isCommand && event.key === "/") {
        event.preventDefault();
        if (dialog.current?.open) dialog.current.close();
        else dialog.current?.showModal();
      }
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
}
