import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import type { Shown } from "@/lib/shared/provider_words.ts";

/** A state: a shape and a word. */
export function StateWord({ of: { words, icon, mood } }: { of: Shown }): VNode {
  return (
    <span class="status" data-state={mood}>
      <Icon name={icon} />
      {words}
    </span>
  );
}
