/** What assistive technology is told, politely; a page shows it in its one status region. */
import { signal } from "@preact/signals";

/** The newest announcement. It is only ever written in a browser. */
export const announcement = signal("");

/** Says something to people who do not see the page. The same words twice are said twice. */
export function announce(text: string): void {
  announcement.value = announcement.peek() === text ? `${text}\u00a0` : text;
}
