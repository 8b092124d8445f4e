import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";

/** Lines of a question beyond which only its beginning shows at first. */
const LONG_LINES = 16;

/** Characters beyond which only the beginning of a question shows at first. */
const LONG_CHARACTERS = 1_600;

function isLong(text: string): boolean {
  return text.length > LONG_CHARACTERS ||
    text.split("\n", LONG_LINES + 1).length > LONG_LINES;
}

function beginning(text: string): string {
  const lines = text.slice(0, LONG_CHARACTERS).split("\n");
  return `${lines.slice(0, LONG_LINES).join("\n").trimEnd()} …`;
}

/** A question as it was written: no markdown, line breaks kept, a long one folded. */
export function QuestionText(
  { text, children }: { text: string; children?: ComponentChildren },
): VNode {
  const [isOpen, setIsOpen] = useState(false);
  const folds = isLong(text);
  const shown = folds && !isOpen ? beginning(text) : text.trim();
  return (
    <div class="ask">
      {children}
      {shown.split(/\n\s*\n/).map((paragraph, index) => (
        <p key={index}>{paragraph}</p>
      ))}
      {folds && (
        <button
          class="link-btn"
          type="button"
          aria-expanded={isOpen ? "true" : "false"}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? "Show less" : "Show all"}
        </button>
      )}
    </div>
  );
}
