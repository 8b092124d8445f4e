/** A quiet word beside the navigation while what a page shows may be old. */
import { effect, type ReadonlySignal } from "@preact/signals";
import type { LiveState } from "./live_connection.ts";
import { LIVE_WORD_ID } from "./live_word.ts";

/** Nobody needs to know of what is over before this, in milliseconds. */
const SAY_AFTER_MS = 4_000;

/** Says so until the returned function is called; a page without the element stays silent. */
export function sayReconnecting(
  state: ReadonlySignal<LiveState>,
): () => void {
  const say = (text: string) => {
    const element = document.getElementById(LIVE_WORD_ID);
    if (element === null) return;
    element.textContent = text;
    element.hidden = text === "";
  };
  return effect(() => {
    if (state.value !== "reconnecting") {
      say("");
      return;
    }
    const timer = setTimeout(() => say("Reconnecting …"), SAY_AFTER_MS);
    return () => clearTimeout(timer);
  });
}
