/** The way back from a deletion or the archive, for as long as there is one. */
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import {
  changeThread,
  restoreThread,
} from "@/lib/shared/chat/thread_changes.ts";
import { UNDO_MS, type UndoNote } from "@/lib/shared/chat/undo_note.ts";
import { showToast } from "./toast.ts";

const requests = new ChatRequests(browserFetch);

async function undo({ kind, threadId, wasOnView }: UndoNote): Promise<void> {
  try {
    if (kind === "deleted") await restoreThread(requests, threadId);
    else {
      const { id, version } = await requests.thread(threadId);
      await changeThread(requests, { id, version }, { archived: false });
    }
  } catch (error) {
    if (!(error instanceof RequestRefused)) throw error;
    showToast(
      kind === "deleted" && error.refusal.status === 404
        ? "Too late: the thread is gone"
        : error.refusal.message,
    );
    return;
  }
  if (wasOnView) location.assign(`/c/${threadId}`);
  else showToast("Thread restored");
}

/** Says what was done with a thread, with Undo. */
export function offerUndo(
  note: UndoNote,
  options: { takesFocus?: boolean } = {},
): void {
  const text = note.kind === "deleted" ? "Thread deleted" : "Thread archived";
  showToast(text, {
    label: "Undo",
    forMs: UNDO_MS - (Date.now() - note.atMs),
    run: () => void undo(note),
  }, options);
}
