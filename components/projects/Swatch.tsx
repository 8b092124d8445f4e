import type { VNode } from "preact";
import { hueOf } from "@/lib/shared/project_colors.ts";

/** A project's colour, always beside its name. */
export function Swatch({ color }: { color: string }): VNode {
  const hue = hueOf(color);
  if (hue !== null) return <span class="swatch" data-hue={hue}></span>;
  // As an attribute of SVG, since the page's policy takes no style attributes.
  return (
    <svg class="swatch swatch-own" aria-hidden="true">
      <rect width="100%" height="100%" fill={color} />
    </svg>
  );
}
