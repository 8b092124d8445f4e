/** What was done a moment ago and can be undone, carried to the page that follows. */

/** How long that is possible, in milliseconds; the server allows 30 s. */
export const UNDO_MS = 29_000;

const KEY = "freshet.undo";

export interface UndoNote {
  kind: "deleted" | "archived";
  threadId: string;
  /** Whether the thread's own page was left for it. */
  wasOnView: boolean;
  atMs: number;
}

/** Keeps a note for the next page of this tab. */
export function keepUndo(note: UndoNote): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(note));
  } catch {
    // Storage is refused: the next page says nothing.
  }
}

/** Takes the note of the page before; null when there is none or it is too late. */
export function takeUndo(nowMs: number): UndoNote | null {
  try {
    const stored = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    const note: UndoNote | null = JSON.parse(stored ?? "null");
    return note !== null && nowMs - note.atMs < UNDO_MS ? note : null;
  } catch {
    return null;
  }
}
