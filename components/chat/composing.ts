/** Key code of a key press that belongs to an input method (UI Events, 9.3.3), as Safari sends it late. */
const COMPOSING_KEY_CODE = 229;

/** Whether a key press belongs to an input method, which may use Enter and Escape for itself. */
export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === COMPOSING_KEY_CODE;
}

/** Whether there is no keyboard but the one on the screen, where Enter has to break the line. */
export function isTouchOnly(): boolean {
  return matchMedia("(pointer: coarse) and (hover: none)").matches;
}
