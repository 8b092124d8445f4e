import type { ComponentChildren, VNode } from "preact";
import { Icon } from "./Icon.tsx";

/** The bar above a page: on a phone it opens the navigation, and it says where one is. */
export function PageHead(
  { children, tools }: {
    children: ComponentChildren;
    /** Buttons at the end of the bar. */
    tools?: ComponentChildren;
  },
): VNode {
  return (
    <header class="head">
      <button
        class="btn btn-quiet btn-icon menu-btn"
        type="button"
        popovertarget="side"
        aria-label="Open navigation"
      >
        <Icon name="menu" />
      </button>
      <div class="crumbs">{children}</div>
      {tools}
    </header>
  );
}
