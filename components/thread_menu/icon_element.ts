import type { IconName } from "@/components/icon_paths.ts";

const SVG = "http://www.w3.org/2000/svg";

/** An icon of the page's sprite, for elements that are made without components. */
export function iconElement(name: IconName): SVGElement {
  const icon = document.createElementNS(SVG, "svg");
  icon.setAttribute("class", "icon");
  icon.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  icon.append(use);
  return icon;
}
