import { Fragment, h, type VNode } from "preact";
import { useEffect, useState } from "preact/hooks";
import { CopyButton } from "@/components/CopyButton.tsx";
import { Icon } from "@/components/Icon.tsx";
import { codeLanguage } from "@/lib/shared/code_language.ts";
import type { CodeSpan } from "@/lib/shared/markdown/highlight.ts";

export interface CodeBlockProps {
  code: string;
  /** What stands behind the fence, for example `ts`. */
  info?: string;
  /** False while the fence is still open: colours come when it closes. */
  isFinished: boolean;
}

/** Colours of finished code, once their chunk is there; null until then. */
function useHighlight(
  code: string,
  grammar: string | null,
  isFinished: boolean,
): CodeSpan[] | null {
  const [spans, setSpans] = useState<CodeSpan[] | null>(null);
  useEffect(() => {
    if (!isFinished || grammar === null) return;
    let isWanted = true;
    import("@/lib/shared/markdown/highlight.ts").then(
      ({ highlight }) => {
        if (isWanted) setSpans(highlight(code, grammar));
      },
      // Without its chunk code stays readable in plain ink.
      () => {},
    );
    return () => {
      isWanted = false;
      setSpans(null);
    };
  }, [code, grammar, isFinished]);
  return spans;
}

function renderSpans(spans: CodeSpan[]): VNode {
  return h(
    Fragment,
    null,
    spans.map(({ voice, text }, index) =>
      voice === null
        ? text
        : <span key={index} class={`tk-${voice}`}>{text}</span>
    ),
  );
}

/** Code with its language, a switch for wrapping and a copy button. */
export function CodeBlock(
  { code, info, isFinished }: CodeBlockProps,
): VNode {
  const [wraps, setWraps] = useState(false);
  const { label, grammar } = codeLanguage(info);
  const spans = useHighlight(code, grammar, isFinished);
  return (
    <figure class="code">
      <figcaption class="code-head">
        <span>{label}</span>
        <button
          class="btn btn-quiet btn-icon btn-small"
          type="button"
          aria-label="Wrap long lines"
          aria-pressed={wraps ? "true" : "false"}
          onClick={() => setWraps(!wraps)}
        >
          <Icon name="wrap" />
        </button>
        <CopyButton text={code} label="Copy code" />
      </figcaption>
      <pre
        tabIndex={0}
        role="group"
        aria-label={label === "Code" ? "Code" : `${label} code`}
        data-wrap={wraps ? "true" : undefined}
      >
        <code>
          {spans === null ? code : renderSpans(spans)}
        </code>
      </pre>
    </figure>
  );
}
