import { KEYS_DIALOG_ID } from "@/components/keys_dialog_id.ts";
import type { ChatSession } from "@/lib/shared/chat/session.ts";
import { isAnswering } from "@/lib/shared/chat/turns.ts";

function somethingIsOpen(): boolean {
  return document.querySelector("dialog[open], :popover-open:not(.toast)") !==
    null;
}

function toggleKeys(): void {
  const dialog = document.getElementById(KEYS_DIALOG_ID);
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (dialog.open) dialog.close();
  else dialog.showModal();
}

/** Listens for the page's shortcuts, as `KeysDialog` lists them; returns how to stop. */
export function watchPageKeys(session: ChatSession): () => void {
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
      toggleKeys();
    }
  };
  document.addEventListener("keydown", onKeyDown);
  return () => document.removeEventListener("keydown", onKeyDown);
}
