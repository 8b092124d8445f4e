/**
 * Formulas in markdown, as models write them: `$…$` and `\(…\)` in a line, `$$…$$` and `\[…\]` by
 * themselves. A formula never spans a blank line, so an unfinished one cannot swallow what follows.
 */
import type { TokenizerExtensionFunction, Tokens } from "marked";

/** A formula: `tex` without its delimiters. */
export interface MathToken {
  type: "mathInline" | "mathBlock";
  raw: string;
  tex: string;
}

// Bounded, so that text full of openers costs no more than text.
const BODY = String.raw`((?:(?!\n[ \t]*\n)[^]){1,4000}?)`;
const BLOCK = [
  new RegExp(String.raw`^ {0,3}\$\$${BODY}\$\$[ \t]*(?:\n+|$)`),
  new RegExp(String.raw`^ {0,3}\\\[${BODY}\\\][ \t]*(?:\n+|$)`),
];
const BLOCK_START = /^ {0,3}(?:\$\$|\\\[)/;

// As pandoc does it: no space inside the dollars and no digit after, so that prices stay prices.
const INLINE = [
  /^\$\$((?:\\[^\n]|[^$\\\n])+)\$\$/,
  /^\$(?![\s$])((?:\\[^\n]|[^$\\\n])*?[^\s$\\]|(?:\\[^\n]|[^$\\\n])*?\\[^\s])\$(?!\d)/,
  new RegExp(String.raw`^\\\(${BODY}\\\)`),
];

function match(
  patterns: RegExp[],
  source: string,
  type: MathToken["type"],
): MathToken | undefined {
  for (const pattern of patterns) {
    const found = pattern.exec(source);
    const tex = found?.[1].trim();
    if (found !== null && tex) return { type, raw: found[0], tex };
  }
  return undefined;
}

/** Whether a block of text begins like a formula that may still be closed. */
export function opensMathBlock(raw: string): boolean {
  return BLOCK_START.test(raw);
}

export const mathBlock: TokenizerExtensionFunction = (source) =>
  BLOCK_START.test(source)
    ? match(BLOCK, source, "mathBlock") as Tokens.Generic | undefined
    : undefined;

export const mathInline: TokenizerExtensionFunction = (source) =>
  source[0] === "$" || source[0] === "\\"
    ? match(INLINE, source, "mathInline") as Tokens.Generic | undefined
    : undefined;

/** Where the next formula may begin within a line of text. */
export function mathInlineStart(source: string): number | undefined {
  const index = source.search(/\$|\\\(/);
  return index === -1 ? undefined : index;
}

/** Where a formula of its own may cut a paragraph short. */
export function mathBlockStart(source: string): number | undefined {
  const found = /\n {0,3}(?:\$\$|\\\[)/.exec(source);
  if (found === null) return undefined;
  return mathBlock.call(
      { lexer: undefined as never },
      source.slice(found.index + 1),
      [],
    )
    ? found.index
    : undefined;
}

/** Hides formulas from the search for emphasis, so that `*` in one is never a marker. */
export function maskMath(source: string): string {
  if (!source.includes("$") && !source.includes("\\(")) return source;
  let masked = "";
  for (let index = 0; index < source.length;) {
    const token = match(INLINE, source.slice(index), "mathInline");
    const end = index + (token?.raw.length ?? 1);
    masked += token ? "a".repeat(end - index) : source[index];
    index = end;
  }
  return masked;
}
