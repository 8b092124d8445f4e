import { useEffect } from "preact/hooks";

/** Brings where one is into view in a navigation that is longer than the window, also when a phone opens it. */
export default function ShowPlace(): null {
  useEffect(() => {
    const side = document.getElementById("side");
    show(side);
    const onToggle = () => show(side);
    side?.addEventListener("toggle", onToggle);
    return () => side?.removeEventListener("toggle", onToggle);
  }, []);
  return null;
}

/** Scrolls the list alone, and only if the place is out of view: its neighbours come into view with it. */
function show(side: HTMLElement | null): void {
  const list = side?.querySelector<HTMLElement>(".side-body");
  const place = list?.querySelector<HTMLElement>(".row[aria-current]");
  if (!list || !place) return;
  const { offsetTop, offsetHeight } = place;
  const { scrollTop, clientHeight } = list;
  const isInView = offsetTop >= scrollTop &&
    offsetTop + offsetHeight <= scrollTop + clientHeight;
  if (!isInView) {
    list.scrollTop = offsetTop - (clientHeight - offsetHeight) / 2;
  }
}
