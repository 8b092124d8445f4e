import type { Token } from "marked";
import { Component, type ComponentChild, type VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { TailLexer } from "@/lib/shared/markdown/tail_lexer.ts";
import { renderBlock } from "./blocks.tsx";

interface BlockProps {
  token: Token;
  isLive: boolean;
  headingLevel: number;
}

/** Longest text that is read as markdown, in characters; a longer one shows as it was written. */
const MAX_MARKDOWN_CHARACTERS = 200_000;

/** Level of the first heading of an answer: below the page's own. */
const TOP_LEVEL = 2;
const DEEPEST_LEVEL = 6;

/**
 * Levels of headings by their place in the outline, since models begin at any depth and leave depths
 * out: the first is of the top level, a deeper one of one level more. No level depends on what comes
 * later, so none changes while text arrives.
 */
function headingLevels(tokens: Token[]): number[] {
  const outline: number[] = [];
  return tokens.map((token) => {
    if (token.type !== "heading") return TOP_LEVEL;
    while (outline.length > 0 && outline.at(-1)! >= token.depth) outline.pop();
    outline.push(token.depth);
    return Math.min(outline.length + TOP_LEVEL - 1, DEEPEST_LEVEL);
  });
}

/** A block that renders again only when its token is another one; tokens never change. */
class Block extends Component<BlockProps> {
  override shouldComponentUpdate(next: BlockProps): boolean {
    return next.token !== this.props.token ||
      next.isLive !== this.props.isLive ||
      next.headingLevel !== this.props.headingLevel;
  }

  render({ token, isLive, headingLevel }: BlockProps): ComponentChild {
    return renderBlock(token, 0, { depth: 0, isLive, headingLevel });
  }
}

export interface MarkdownProps {
  text: string;
  /** Whether more text will come; the last blocks are then shown as if they ended here. */
  isLive: boolean;
}

/** An answer: markdown as VNodes, without a word of HTML in between. */
export function Markdown({ text, isLive }: MarkdownProps): VNode {
  if (text.length <= MAX_MARKDOWN_CHARACTERS) {
    return <Blocks text={text} isLive={isLive} />;
  }
  return (
    <div class="prose">
      <p class="raw">{text}</p>
    </div>
  );
}

function Blocks({ text, isLive }: MarkdownProps): VNode {
  const lexer = useRef<TailLexer | null>(null);
  lexer.current ??= new TailLexer();
  const tokens = useMemo(
    () => isLive ? lexer.current!.preview(text) : lexer.current!.finish(text),
    [text, isLive],
  );
  const shown = tokens.filter(({ type }) => type !== "space" && type !== "def");
  const levels = headingLevels(shown);
  return (
    <div class="prose" data-live={isLive ? "true" : undefined}>
      {shown.map((token, index) => (
        // Only the last blocks can be unfinished; the rest keeps what it has rendered.
        <Block
          key={index}
          token={token}
          isLive={isLive && index >= shown.length - 2}
          headingLevel={levels[index]}
        />
      ))}
      {isLive && shown.length === 0 && <p></p>}
    </div>
  );
}
