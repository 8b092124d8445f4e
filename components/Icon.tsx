import type { VNode } from "preact";
import { ICON_PATHS, type IconName, MARK_PATHS } from "./icon_paths.ts";

export interface IconProps {
  name: IconName;
  /** 16 px instead of 20. */
  small?: boolean;
  /** Turns over in right-to-left text, and when what it belongs to opens. */
  turnable?: boolean;
}

/** An icon beside a word or inside a named button; assistive technology never hears of it. */
export function Icon({ name, small, turnable }: IconProps): VNode {
  const classes = `icon${small ? " icon-s" : ""}${turnable ? " turnable" : ""}`;
  return (
    <svg class={classes} aria-hidden="true">
      <use href={`#icon-${name}`} />
    </svg>
  );
}

/** Freshet's mark. */
export function Mark(): VNode {
  return (
    <svg class="mark" aria-hidden="true">
      <use href="#icon-mark" />
    </svg>
  );
}

/** The drawings that `Icon` and `Mark` point at; once on each page. Their ids are of no heading. */
export function Sprite(): VNode {
  return (
    <svg
      class="sprite"
      width="0"
      height="0"
      aria-hidden="true"
      focusable="false"
    >
      {Object.entries(ICON_PATHS).map(([name, path]) => (
        <symbol key={name} id={`icon-${name}`} viewBox="0 0 20 20">
          <path d={path} />
        </symbol>
      ))}
      <symbol id="icon-mark" viewBox="0 0 24 24">
        {MARK_PATHS.map((path) => <path key={path} d={path} />)}
      </symbol>
    </svg>
  );
}
