import type { VNode } from "preact";

/** Longest text that is shown, in UTF-16 code units; the rest is in the file. */
const MAX_SHOWN_CHARACTERS = 20_000;

/** What went into a job or came out of it, as it is. */
export function JobJson(
  { value, label }: { value: unknown; label: string },
): VNode {
  const text = JSON.stringify(value, null, 2) ?? "null";
  const isCut = text.length > MAX_SHOWN_CHARACTERS;
  return (
    <pre
      class="job-json"
      tabIndex={0}
      role="region"
      aria-label={label}
    ><code>{isCut
      ? `${text.slice(0, MAX_SHOWN_CHARACTERS)}\n…`
      : text}</code></pre>
  );
}
