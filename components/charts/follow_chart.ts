/** The pointer and the keys in charts: which place they are at, and what its row of the table says. */

export interface TipContent {
  title: string;
  rows: { label: string; value: string; hue: string | null }[];
  /** Puts what shows it beside the place. */
  place: (box: HTMLElement) => void;
}

/** Between a place and its tip, in pixels. */
const GAP = 10;
const HIT = ".chart .hit";

/** Where a chart is looked at. */
interface Spot {
  hit: SVGElement;
  place: number;
}

/** Tells of the place that is pointed at or has the focus, null for none, until it is stopped. */
export function followChart(
  tell: (tip: TipContent | null) => void,
): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  let shown: Spot | null = null;
  const show = (spot: Spot | null) => {
    if (spot?.hit === shown?.hit && spot?.place === shown?.place) return;
    if (shown !== null && shown.hit !== spot?.hit) unmark(shown.hit);
    shown = spot;
    if (spot !== null) mark(spot);
    tell(spot === null ? null : tipOf(spot));
  };
  for (const hit of document.querySelectorAll<SVGElement>(HIT)) makeSlider(hit);
  const on = <Name extends keyof DocumentEventMap>(
    name: Name,
    listen: (event: DocumentEventMap[Name]) => void,
  ) => document.addEventListener(name, listen, { signal });
  on("pointermove", ({ target, clientX }) => {
    const hit = hitOf(target);
    if (hit !== null) show({ hit, place: placeAt(hit, clientX) });
    else if (shown !== null) show(spotOf(hitOf(document.activeElement)));
  });
  on("focusin", ({ target }) => show(spotOf(hitOf(target))));
  on("focusout", () => show(null));
  on("keydown", (event) => {
    const hit = hitOf(event.target);
    if (hit === null) return;
    if (event.key === "Escape") return show(null);
    const next = nextPlace(hit, event.key);
    if (next === null) return;
    event.preventDefault();
    moveSlider(hit, next);
    show({ hit, place: next });
  });
  // What is under the pointer is another place then.
  document.addEventListener("scroll", () => show(null), {
    signal,
    capture: true,
    passive: true,
  });
  return () => ended.abort();
}

function hitOf(target: EventTarget | null): SVGElement | null {
  return target instanceof Element ? target.closest<SVGElement>(HIT) : null;
}

const countOf = (hit: SVGElement) => Number(hit.dataset.places);
const hasPoints = (hit: SVGElement) => hit.dataset.points !== undefined;
const placeOf = (hit: SVGElement) => Number(hit.getAttribute("aria-valuenow"));

function spotOf(hit: SVGElement | null): Spot | null {
  return hit === null ? null : { hit, place: placeOf(hit) };
}

function makeSlider(hit: SVGElement): void {
  hit.setAttribute("tabindex", "0");
  hit.setAttribute("role", "slider");
  const chart = hit.closest("svg.plot")?.getAttribute("aria-label") ?? "";
  hit.setAttribute("aria-label", chart);
  hit.setAttribute("aria-valuemin", "0");
  hit.setAttribute("aria-valuemax", String(countOf(hit) - 1));
  moveSlider(hit, countOf(hit) - 1);
}

function moveSlider(hit: SVGElement, place: number): void {
  hit.setAttribute("aria-valuenow", String(place));
  const tip = tipOf({ hit, place });
  const words = tip?.rows.map(({ label, value }) => `${label} ${value}`) ?? [];
  hit.setAttribute(
    "aria-valuetext",
    `${tip?.title ?? ""}: ${words.join(", ")}`,
  );
}

/** Where a key leads; null: nowhere. */
function nextPlace(hit: SVGElement, key: string): number | null {
  const last = countOf(hit) - 1;
  const at = placeOf(hit);
  switch (key) {
    case "ArrowRight":
    case "ArrowUp":
      return Math.min(last, at + 1);
    case "ArrowLeft":
    case "ArrowDown":
      return Math.max(0, at - 1);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}

/** The place that is nearest to where the pointer is. */
function placeAt(hit: SVGElement, clientX: number): number {
  const { left, width } = hit.getBoundingClientRect();
  const ratio = (clientX - left) / width;
  const count = countOf(hit);
  const place = hasPoints(hit)
    ? Math.round(ratio * (count - 1))
    : Math.floor(ratio * count);
  return Math.min(Math.max(0, place), count - 1);
}

/** Where a place begins and how wide it is, as parts of the width. */
function extentOf({ hit, place }: Spot): { start: number; width: number } {
  const count = countOf(hit);
  const width = 1 / Math.max(1, hasPoints(hit) ? count - 1 : count);
  return { start: (place - (hasPoints(hit) ? 0.5 : 0)) * width, width };
}

function markOf(hit: SVGElement): Element | null {
  return hit.parentElement?.querySelector(".hit-mark") ?? null;
}

function mark(spot: Spot): void {
  const { start, width } = extentOf(spot);
  const from = Math.max(0, start);
  const to = Math.min(1, start + width);
  const box = markOf(spot.hit);
  box?.setAttribute("x", `${from * 100}%`);
  box?.setAttribute("width", `${(to - from) * 100}%`);
  box?.setAttribute("visibility", "visible");
}

function unmark(hit: SVGElement): void {
  markOf(hit)?.setAttribute("visibility", "hidden");
}

/** The row of the chart's table for a place. */
function tipOf(spot: Spot): TipContent | null {
  const table = spot.hit.closest(".chart")?.querySelector(".twin-table");
  const row = table?.querySelectorAll("tbody > tr")[spot.place];
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
    place: (box) => placeBeside(box, spot),
  };
}

/** Beside the place, on the side where there is room; the window's edges are never crossed. */
function placeBeside(box: HTMLElement, spot: Spot): void {
  const plot = spot.hit.getBoundingClientRect();
  const { start, width: part } = extentOf(spot);
  const middle = plot.left + (start + part / 2) * plot.width;
  const { width, height } = box.getBoundingClientRect();
  const isLeft = middle > innerWidth / 2 && middle - GAP - width >= 0;
  const left = isLeft
    ? middle - GAP - width
    : Math.min(middle + GAP, innerWidth - width);
  const top = Math.min(Math.max(0, plot.top), innerHeight - height);
  box.style.left = `${Math.max(0, left)}px`;
  box.style.top = `${Math.max(0, top)}px`;
}
