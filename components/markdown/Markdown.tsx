import type { Token } from "marked";
import { Component, type ComponentChild, type VNode } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { TailLexer } from "@/lib/shared/markdown/tail_lexer.ts";
import { renderBlock } from "./blocks.tsx";

interface BlockProps {
  token: Token;
  isLive: boolean;
}

/** A block that renders again only when its token is another one; tokens never change. */
class Block extends Component<BlockProps> {
  override shouldComponentUpdate(next: BlockProps): boolean {
    return next.token !== this.props.token ||
      next.isLive !== this.props.isLive;
  }

  render({ token, isLive }: BlockProps): ComponentChild {
    return renderBlock(token, 0, { depth: 0, isLive });
  }
}

export interface MarkdownProps {
  text: string;
  /** Whether more text will come; the last blocks are then shown as if they ended here. */
  isLive: boolean;
}

/** An answer: markdown as VNodes, without a word of HTML in between. */
export function Markdown({ text, isLive }: MarkdownProps): VNode {
  const lexer = useRef<TailLexer | null>(null);
  lexer.current ??= new TailLexer();
  const tokens = useMemo(
    () => isLive ? lexer.current!.preview(text) : lexer.current!.finish(text),
    [text, isLive],
  );
  const shown = tokens.filter(({ type }) => type !== "space" && type !== "def");
  return (
    <div class="prose" data-live={isLive ? "true" : undefined}>
      {shown.map((token, index) => (
        // Only the last blocks can be unfinished; the rest keeps what it has rendered.
        <Block
          key={index}
          token={token}
          isLive={isLive && index >= shown.length - 2}
        />
      ))}
      {isLive && shown.length === 0 && <p></p>}
    </div>
  );
}
