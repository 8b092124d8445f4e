/** Markdown (GFM, with formulas) to marked's tokens. Nothing here makes HTML; `components/markdown` makes VNodes. */
import {
  getDefaults,
  Hooks,
  Lexer,
  type Links,
  type MarkedOptions,
  type Token,
  type TokensList,
} from "marked";
import {
  maskMath,
  mathBlock,
  mathBlockStart,
  mathInline,
  mathInlineStart,
} from "./math_syntax.ts";

class MathHooks extends Hooks {
  override emStrongMask(source: string): string {
    return maskMath(source);
  }
}

const hooks = new MathHooks();

function options(): MarkedOptions {
  return {
    ...getDefaults(),
    gfm: true,
    hooks,
    extensions: {
      renderers: {},
      childTokens: {},
      block: [mathBlock],
      startBlock: [mathBlockStart],
      inline: [mathInline],
      startInline: [mathInlineStart],
    },
  };
}

/** A text that could not be read as markdown, for example because it nests too deep, as one block. */
function plain(source: string): TokensList {
  const text: Token = { type: "text", raw: source, text: source };
  const paragraph: Token = {
    type: "paragraph",
    raw: source,
    text: source,
    tokens: [text],
  };
  return Object.assign([paragraph], { links: {} });
}

/** Tokens of a whole text. `links` are definitions known from text before it. */
export function lexMarkdown(source: string, links?: Links): TokensList {
  const lexer = new Lexer(options());
  if (links !== undefined) Object.assign(lexer.tokens.links, links);
  try {
    return lexer.lex(source);
  } catch {
    return plain(source);
  }
}
