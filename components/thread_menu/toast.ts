/** Short news that floats above the composer and goes by itself. */
import { announce } from "@/lib/shared/announce.ts";

/** How long a toast without something to do stays, in milliseconds. */
const PLAIN_MS = 6_000;

const GAP_PX = 12;

export interface ToastAction {
  label: string;
  run: () => void;
  /** How long it can be done, in milliseconds. */
  forMs: number;
}

let closeShown = () => {};

function placeAbove(toast: HTMLElement): void {
  const main = (document.querySelector(".main") ?? document.body)
    .getBoundingClientRect();
  const dock = document.querySelector(".composer")?.getBoundingClientRect();
  const bottom = dock ? innerHeight - dock.top + GAP_PX : 2 * GAP_PX;
  const left = main.left + (main.width - toast.offsetWidth) / 2;
  toast.style.bottom = `${bottom}px`;
  toast.style.left = `${Math.max(GAP_PX, left)}px`;
}

/** Shows a toast in place of the one before. */
export function showToast(
  text: string,
  action?: ToastAction,
  options: { takesFocus?: boolean } = {},
): void {
  closeShown();
  const toast = document.createElement("div");
  toast.className = "toast";
  toast.popover = "manual";
  const words = document.createElement("span");
  words.textContent = text;
  toast.append(words);
  const timer = setTimeout(() => close(), action?.forMs ?? PLAIN_MS);
  const close = closeShown = () => {
    clearTimeout(timer);
    closeShown = () => {};
    const hadFocus = toast.contains(document.activeElement);
    toast.remove();
    if (hadFocus) document.getElementById("message")?.focus();
  };
  if (action !== undefined) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-small";
    button.textContent = action.label;
    button.addEventListener("click", () => {
      close();
      action.run();
    });
    toast.addEventListener("keydown", (event) => {
      if (event.key === "Escape") close();
    });
    toast.append(button);
  } else words.className = "toast-words";
  document.body.append(toast);
  toast.showPopover();
  placeAbove(toast);
  announce(text);
  if (options.takesFocus) toast.querySelector("button")?.focus();
}
