import type { VNode } from "preact";

/** What went into a job or came out of it, as JSON. */
export function JobJson(
  { text, label }: { text: string; label: string },
): VNode {
  return (
    <pre
      class="job-json"
      tabIndex={0}
      role="region"
      aria-label={label}
    ><code>{text}</code></pre>
  );
}
