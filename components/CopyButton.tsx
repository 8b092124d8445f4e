import type { VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { announce } from "@/lib/shared/announce.ts";
import { copyText } from "@/lib/shared/clipboard.ts";
import { Icon } from "./Icon.tsx";

/** How long the button says that it has copied, in milliseconds. */
const COPIED_MS = 1_600;

/** A button that copies `text`; `label` says what, for example "Copy code". */
export function CopyButton(
  { text, label }: { text: string; label: string },
): VNode {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async () => {
    const done = await copyText(text);
    setCopied(done);
    announce(done ? "Copied" : "Copying was refused by the browser");
  };
  return (
    <button
      class="btn btn-quiet btn-icon btn-small"
      type="button"
      aria-label={copied ? "Copied" : label}
      onClick={copy}
    >
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}
