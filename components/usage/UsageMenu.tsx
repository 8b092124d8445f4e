import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";

export interface UsageMenuProps {
  /** What is chosen. */
  label: string;
  /** What is chosen from, for assistive technology. */
  title: string;
  items: readonly { label: string; href: string; isChosen: boolean }[];
}

/** A choice of addresses that opens under its button; it works without a script. */
export function UsageMenu({ label, title, items }: UsageMenuProps): VNode {
  return (
    <details class="usage-menu" name="usage-menu">
      <summary class="btn">
        <span class="sr">{title}:</span>
        {label}
        <Icon name="down" small />
      </summary>
      <nav class="menu" aria-label={title}>
        {items.map(({ label, href, isChosen }) => (
          <a
            key={label}
            class="menu-item"
            href={href}
            aria-current={isChosen ? "true" : undefined}
          >
            <span class="cut">{label}</span>
            {isChosen && <Icon name="check" small />}
          </a>
        ))}
      </nav>
    </details>
  );
}
