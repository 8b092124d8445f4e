/** The pointer and the keys in charts: which place they are at, and what its row of the table says. */

export interface TipContent {
  title: string;
  rows: { label: string; value: string; hue: string | null }[];
  /** Puts what shows it beside the place. */
  place: (box: HTMLElement) => void;
}

/** Between a place and its tip, in pixels. */
const GAP = 10;
const HIT = ".chart .hits > rect";

/** Tells of the place that is pointed at or has the focus, null for none, until it is stopped. */
export function followChart(
  tell: (tip: TipContent | null) => void,
): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  let shown: Element | null = null;
  const show = (hit: Element | null) => {
    if (hit === shown) return;
    shown?.removeAttribute("data-at");
    hit?.setAttribute("data-at", "");
    shown = hit;
    tell(hit === null ? null : tipOf(hit));
  };
  const hitOf = ({ target }: Event) =>
    target instanceof Element ? target.closest(HIT) : null;
  const focused = () => document.activeElement?.closest(HIT) ?? null;
  document.addEventListener("pointerover", (event) => {
    show(hitOf(event) ?? focused());
  }, { signal });
  document.addEventListener("focusin", (event) => show(hitOf(event)), {
    signal,
  });
  document.addEventListener("focusout", () => show(null), { signal });
  document.addEventListener("keydown", (event) => {
    const hit = hitOf(event);
    if (hit === null) return;
    if (event.key === "Escape") return show(null);
    const next = neighbour(hit, event.key);
    if (next === null) return;
    event.preventDefault();
    hit.setAttribute("tabindex", "-1");
    next.setAttribute("tabindex", "0");
    next.focus();
  }, { signal });
  return () => ended.abort();
}

/** Where a key leads; null: nowhere. */
function neighbour(hit: Element, key: string): SVGElement | null {
  const all = [...hit.parentElement!.children] as SVGElement[];
  const at = all.indexOf(hit as SVGElement);
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return all[at + 1] ?? null;
    case "ArrowLeft":
    case "ArrowDown":
      return all[at - 1] ?? null;
    case "Home":
      return all[0];
    case "End":
      return all.at(-1) ?? null;
    default:
      return null;
  }
}

/** The row of the chart's table for a place. */
function tipOf(hit: Element): TipContent | null {
  const table = hit.closest(".chart")?.querySelector(".twin-table");
  const at = [...hit.parentElement!.children].indexOf(hit);
  const row = table?.querySelectorAll("tbody > tr")[at];
  if (!table || !row) return null;
  const heads = [...table.querySelectorAll("thead th")].slice(1);
  const [title, ...cells] = row.children;
  return {
    title: title.textContent ?? "",
    rows: cells.map((cell, index) => ({
      label: heads[index]?.textContent ?? "",
      value: cell.textContent ?? "",
      hue: heads[index]?.getAttribute("data-hue") ?? null,
    })),
    place: (box) => placeBeside(box, hit),
  };
}

/** Beside the place, on the side where there is room; the window's edges are never crossed. */
function placeBeside(box: HTMLElement, hit: Element): void {
  const at = hit.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const middle = at.left + at.width / 2;
  const left = middle - GAP - width >= 0 && middle > innerWidth / 2
    ? middle - GAP - width
    : Math.min(middle + GAP, innerWidth - width);
  const top = Math.min(Math.max(0, at.top), innerHeight - height);
  box.style.left = `${Math.max(0, left)}px`;
  box.style.top = `${Math.max(0, top)}px`;
}
