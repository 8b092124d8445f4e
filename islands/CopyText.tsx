import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Icon } from "@/components/Icon.tsx";
import { copyText } from "@/lib/shared/clipboard.ts";

/** How long the button says that it has copied, in milliseconds. */
const COPIED_MS = 1_600;

/**
 * A text to take along, such as a link or a key, and a button that copies it. Without JavaScript the
 * text is selected whole by a click.
 */
export default function CopyText({ text }: { text: string }): VNode {
  const [said, setSaid] = useState("");
  const [isAlive, setAlive] = useState(false);
  useEffect(() => setAlive(true), []);
  useEffect(() => {
    if (said === "") return;
    const timer = setTimeout(() => setSaid(""), COPIED_MS);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async () => {
    setSaid(await copyText(text) ? "Copied" : "Copying was refused");
  };
  return (
    <span class="copy-text">
      <code class="mono keytext">{text}</code>
      {isAlive && (
        <button class="btn btn-small" type="button" onClick={copy}>
          <Icon name={said === "Copied" ? "check" : "copy"} small />
          {said === "" ? "Copy" : said}
        </button>
      )}
      <span class="sr" role="status">{said}</span>
    </span>
  );
}
