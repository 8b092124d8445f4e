/** What can be done with a thread, in the page's head and in the navigation. Loaded when it is wanted. */
import {
  archiveThread,
  pinThread,
  removeThread,
  renameThread,
} from "./actions.ts";
import { exportThread } from "./export.ts";
import { type MenuItem, openMenu } from "./menu.ts";
import type { ThreadPlace } from "./place.ts";

export { pinThread, renameThread };

/** Opens the menu of a thread below the button that asks for it. */
export function openThreadMenu(
  button: HTMLElement,
  place: ThreadPlace,
): void {
  const { thread } = place;
  const act = (action: (place: ThreadPlace) => void) => () => action(place);
  const kept: MenuItem[] = [
    { label: "Rename", icon: "edit", run: act(renameThread) },
    {
      label: thread.pinned ? "Unpin" : "Pin",
      icon: "pin",
      run: act(pinThread),
    },
    {
      label: thread.archived ? "Move out of the archive" : "Archive",
      icon: "folder",
      run: act(archiveThread),
    },
    {
      label: "Export as Markdown",
      icon: "book",
      run: act((place) => exportThread(place, "markdown")),
    },
    {
      label: "Export as JSON",
      icon: "copy",
      run: act((place) => exportThread(place, "json")),
    },
  ];
  openMenu(button, `Menu of “${thread.title}”`, [
    ...(thread.temporary ? [] : kept),
    {
      label: "Delete thread",
      icon: "trash",
      isDanger: true,
      run: act(removeThread),
    },
  ]);
}
