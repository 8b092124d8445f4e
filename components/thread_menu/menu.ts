/** A menu that floats beside its button: made when it opens, gone when it closes. */
import type { IconName } from "@/components/icon_paths.ts";
import { iconElement } from "./icon_element.ts";

export interface MenuItem {
  label: string;
  icon: IconName;
  isDanger?: boolean;
  run: () => void;
}

/** Room between the button and the menu, and between the menu and the window's edge, in pixels. */
const GAP_PX = 4;

function itemElement({ label, icon, isDanger }: MenuItem): HTMLButtonElement {
  const item = document.createElement("button");
  item.type = "button";
  item.className = isDanger ? "menu-item is-danger" : "menu-item";
  item.setAttribute("role", "menuitem");
  item.tabIndex = -1;
  const words = document.createElement("span");
  words.className = "cut";
  words.textContent = label;
  item.append(iconElement(icon), words);
  return item;
}

/** Puts the menu below its button, or above it where there is no room. */
function placeBeside(menu: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isLow = at.bottom + GAP_PX + height > innerHeight;
  const top = isLow ? at.top - GAP_PX - height : at.bottom + GAP_PX;
  const left = Math.min(at.right - width, innerWidth - GAP_PX - width);
  menu.style.top = `${Math.max(GAP_PX, top)}px`;
  menu.style.left = `${Math.max(GAP_PX, left)}px`;
}

/** Where the key moves the focus to, as the menu pattern of WAI-ARIA has it; null for other keys. */
function nextIndex(key: string, at: number, count: number): number | null {
  if (key === "ArrowDown") return (at + 1) % count;
  if (key === "ArrowUp") return (at - 1 + count) % count;
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  return null;
}

/** Opens a menu below a button; choosing, Escape and a press elsewhere close it. */
export function openMenu(
  button: HTMLElement,
  label: string,
  items: MenuItem[],
): void {
  if (button.ariaExpanded === "true") return;
  const menu = document.createElement("div");
  menu.className = "menu";
  menu.popover = "auto";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", label);
  const buttons = items.map(itemElement);
  menu.append(...buttons);

  const choose = (item: MenuItem) => {
    menu.hidePopover();
    item.run();
  };
  buttons.forEach((element, index) =>
    element.addEventListener("click", () => choose(items[index]))
  );
  menu.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    if (event.key === "Tab") menu.hidePopover();
    const next = nextIndex(event.key, at, buttons.length);
    if (next === null) return;
    event.preventDefault();
    buttons[next].focus();
  });
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    button.ariaExpanded = "false";
    const hadFocus = menu.contains(document.activeElement) ||
      document.activeElement === document.body;
    menu.remove();
    if (hadFocus) button.focus();
  });
  // Inside the navigation's popover, which else would close for it.
  (button.closest("[popover]") ?? document.body).append(menu);
  menu.showPopover();
  button.ariaExpanded = "true";
  placeBeside(menu, button);
  buttons[0].focus();
}
