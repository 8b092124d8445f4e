/**
 * Lexes a text that grows, at a cost that does not: all blocks but the last two are frozen, and only the
 * text from there on is lexed again. Two, because a list can still split the block before it.
 */
import type { Token, TokensList } from "marked";
import { lexMarkdown } from "./lex.ts";
import { opensMathBlock } from "./math_syntax.ts";
import { closeUnfinished } from "./unfinished.ts";

/** Blocks that may still change when more text arrives. */
const LIVE_BLOCKS = 2;

/** Blocks whose signs mean themselves, so that nothing is closed or held back in them. */
const LITERAL_BLOCKS = new Set(["code", "mathBlock", "html", "hr", "def"]);

const BLANK_LINE = /\n[ \t]*\n/;

/** Index of the block from which on tokens stay live. */
function liveStart(tokens: Token[]): number {
  let blocks = 0;
  for (let index = tokens.length - 1; index >= 0; index -= 1) {
    if (tokens[index].type === "space") continue;
    blocks += 1;
    if (blocks === LIVE_BLOCKS) return index;
  }
  return 0;
}

/**
 * Whether a formula stands in the paragraph that goes over the boundary. One more line may close it, or
 * turn the lines around it into something else, which no other block does to more than its neighbour.
 */
function hasFormulaAcross(before: Token[], after: Token[]): boolean {
  const raw = (tokens: Token[]) => tokens.map((token) => token.raw).join("");
  const paragraph = (raw(before).split(BLANK_LINE).at(-1) ?? "") +
    raw(after).split(BLANK_LINE, 1)[0];
  return paragraph.split("\n").some(opensMathBlock);
}

export class TailLexer {
  #source = "";
  #frozen: Token[] = [];
  /** Where the live text begins in the source. */
  #frozenLength = 0;
  #live: Token[] = [];
  #links: TokensList["links"] = {};

  /**
   * Tokens of a text that goes on: the same as of the whole text up to now, but that link definitions
   * count only from where they stand. Tokens of unchanged blocks are the same objects as before.
   */
  update(source: string): Token[] {
    const text = source.includes("\r")
      ? source.replace(/\r\n|\r/g, "\n")
      : source;
    if (!text.startsWith(this.#source)) this.#reset();
    if (text !== this.#source) {
      this.#source = text;
      this.#lexTail();
    }
    return [...this.#frozen, ...this.#live];
  }

  /** Tokens for showing a text that is still being written: as `update()`, its last block made whole. */
  preview(source: string): Token[] {
    const tokens = this.update(source);
    const last = tokens.findLastIndex((token) => token.type !== "space");
    if (last === -1 || LITERAL_BLOCKS.has(tokens[last].type)) return tokens;
    const closed = closeUnfinished(tokens[last].raw);
    if (closed === tokens[last].raw) return tokens;
    return [...tokens.slice(0, last), ...lexMarkdown(closed, this.#links)];
  }

  /** Tokens of a text that is whole: one full lex, so that late definitions count everywhere. */
  finish(source: string): Token[] {
    const before = this.update(source);
    const knewAll = Object.keys(this.#links).length === 0;
    if (knewAll) return before;
    this.#reset();
    this.#source = source;
    this.#live = lexMarkdown(source);
    return this.#live;
  }

  #reset(): void {
    this.#source = "";
    this.#frozen = [];
    this.#frozenLength = 0;
    this.#live = [];
    this.#links = {};
  }

  #lexTail(): void {
    const lexed = lexMarkdown(
      this.#source.slice(this.#frozenLength),
      this.#links,
    );
    this.#links = lexed.links;
    const live = lexed.map((token, index) => {
      const before = this.#live[index];
      return before?.raw === token.raw && before.type === token.type
        ? before
        : token;
    });

    const start = liveStart(live);
    const done = live.slice(0, start);
    const length = done.reduce((sum, token) => sum + token.raw.length, 0);
    const text = this.#source.slice(
      this.#frozenLength,
      this.#frozenLength + length,
    );
    // Only what stands in the source word for word can be skipped in it.
    const isExact = text === done.map((token) => token.raw).join("");
    if (start > 0 && isExact && !hasFormulaAcross(done, live.slice(start))) {
      this.#frozen.push(...done);
      this.#frozenLength += length;
      this.#live = live.slice(start);
    } else {
      this.#live = live;
    }
  }
}
