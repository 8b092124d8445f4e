/** What someone does with a thread: each change tells the page, and what can be undone says so. */
import { announce } from "@/lib/shared/announce.ts";
import {
  browserFetch,
  ChatRequests,
  RequestRefused,
} from "@/lib/shared/chat/requests.ts";
import {
  ChangedElsewhere,
  changeThread,
  deleteThread,
  type ThreadChange,
} from "@/lib/shared/chat/thread_changes.ts";
import { tellNews } from "@/lib/shared/chat/thread_news.ts";
import { keepUndo, type UndoNote } from "@/lib/shared/chat/undo_note.ts";
import type { ThreadPlace } from "./place.ts";
import { editInPlace } from "./rename_field.ts";
import { showToast } from "./toast.ts";
import { offerUndo } from "./undo.ts";

const requests = new ChatRequests(browserFetch);

/** Tries something and says why it did not work; whether it did. */
async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (error instanceof ChangedElsewhere) {
      showToast("Changed elsewhere meanwhile; what is shown is that change");
    } else if (error instanceof RequestRefused) {
      showToast(error.refusal.message);
    } else throw error;
    return false;
  }
}

const change = (place: ThreadPlace, changes: ThreadChange) =>
  attempt(() => changeThread(requests, place.thread, changes));

/** Says what was done, here or on the page that follows when the thread's own page is left. */
function done(place: ThreadPlace, note: UndoNote): void {
  if (!place.isOnView) {
    offerUndo(note, { takesFocus: true });
    return;
  }
  keepUndo(note);
  location.assign("/");
}

/** Edits the title in its place. */
export async function renameThread(place: ThreadPlace): Promise<void> {
  const title = await editInPlace(place.title, place.thread.title);
  if (title !== null && await change(place, { title })) {
    announce("Thread renamed");
  }
}

/** Pins a thread, or lets it go. */
export async function pinThread(place: ThreadPlace): Promise<void> {
  const pinned = !place.thread.pinned;
  if (await change(place, { pinned })) {
    announce(pinned ? "Thread pinned" : "Thread unpinned");
  }
}

/** Puts a thread into the archive, or takes it out. */
export async function archiveThread(place: ThreadPlace): Promise<void> {
  const archived = !place.thread.archived;
  if (!await change(place, { archived })) return;
  if (!archived) {
    showToast("Thread moved out of the archive");
    return;
  }
  done(place, {
    kind: "archived",
    threadId: place.thread.id,
    wasOnView: place.isOnView,
    atMs: Date.now(),
  });
}

/** Deletes a thread; for 30 s that can be undone. */
export async function removeThread(place: ThreadPlace): Promise<void> {
  if (!await attempt(() => deleteThread(requests, place.thread))) return;
  // The page of the thread itself is left; it need not say that its thread is gone.
  if (!place.isOnView) {
    tellNews({ kind: "deleted", threadId: place.thread.id });
  }
  done(place, {
    kind: "deleted",
    threadId: place.thread.id,
    wasOnView: place.isOnView,
    atMs: Date.now(),
  });
}
