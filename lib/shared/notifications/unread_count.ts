/** How the count of unread notifications is shown. */

const MOST_SHOWN = 99;

/** `7`, and `99+` for more than that. */
export function shownCount(unread: number): string {
  return unread > MOST_SHOWN ? `${MOST_SHOWN}+` : String(unread);
}
