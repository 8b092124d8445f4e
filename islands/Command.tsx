import type { VNode } from "preact";
import { CopyButton } from "@/components/CopyButton.tsx";

/** A command to copy into a terminal. */
export default function Command(
  { text, label }: { text: string; label: string },
): VNode {
  return (
    <div class="command">
      <code tabIndex={0}>{text}</code>
      <CopyButton text={text} label={label} />
    </div>
  );
}
