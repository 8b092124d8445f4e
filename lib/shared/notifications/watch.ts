/** Keeps the count of unread notifications beside the navigation, and has the browser show new ones. */
import { live } from "@/lib/shared/live/live_client.ts";
import { startNotifier } from "./notifier.ts";
import { readNotifications } from "./notification_requests.ts";
import { shownCount } from "./unread_count.ts";

/** Writes the count wherever the page shows it. */
function showUnread(unread: number): void {
  for (const place of document.querySelectorAll("[data-unread]")) {
    const count = place.firstElementChild;
    if (!(place instanceof HTMLElement) || count === null) continue;
    count.textContent = shownCount(unread);
    place.hidden = unread === 0;
  }
}

/** Follows until the returned function is called. */
export function watchNotifications(): () => void {
  const stopNotifier = startNotifier();
  const stop = live().on("notifications", ({ id, type, data }) => {
    if (type === "channel.refused") return;
    if (id === null) {
      // What happened before is not told any more.
      readNotifications("?limit=1").then(
        ({ unread }) => showUnread(unread),
        () => {},
      );
    } else if ("unread" in data && typeof data.unread === "number") {
      showUnread(data.unread);
    }
  });
  return () => {
    stop();
    stopNotifier();
  };
}
