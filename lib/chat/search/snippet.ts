/** The piece of a text that shows why it was found. */
import type { Clause } from "./query.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** From and to, in UTF-16 code units; to is behind the last. */
export type Range = [start: number, end: number];

export interface Snippet {
  snippet: string;
  /** What matches in it. */
  ranges: Range[];
}

/** Length of a snippet, in UTF-16 code units, without its dots. */
const SNIPPET_LENGTH = 180;
/** What of it lies before the first match. */
const LEAD_LENGTH = 40;
/** Matches that are looked at in one text. */
const MAX_MATCHES = 200;
/** How far a cut moves to fall between two words. */
const CUT_REACH = 16;

/** Where the clauses are in a text, in order and without overlaps. */
export function findRanges(
  text: string,
  clauses: readonly Clause[],
  most = MAX_MATCHES,
): Range[] {
  const longest = Math.max(...clauses.map(({ terms }) => terms.length));
  const window: Token[] = [];
  const ranges: Range[] = [];
  const look = () => {
    for (const clause of clauses) {
      const range = matchAt(window, clause);
      if (range !== null) addRange(ranges, range);
    }
  };
  for (const token of tokensOf(text)) {
    window.push(token);
    if (window.length < longest) continue;
    look();
    window.shift();
    if (ranges.length >= most) return ranges;
  }
  for (; window.length > 0; window.shift()) look();
  return ranges;
}

/** The clause at the beginning of the tokens. */
function matchAt(tokens: readonly Token[], clause: Clause): Range | null {
  const { terms, isPrefix } = clause;
  if (tokens.length < terms.length) return null;
  for (const [index, term] of terms.entries()) {
    const found = tokens[index].term;
    const mayGoOn = isPrefix && index === terms.length - 1;
    if (found !== term && !(mayGoOn && found.startsWith(term))) return null;
  }
  const last = tokens[terms.length - 1];
  const isHalf = last.isPair && last.term !== terms[terms.length - 1];
  const end = isHalf ? last.start + terms[terms.length - 1].length : last.end;
  return [tokens[0].start, Math.min(end, last.end)];
}

function addRange(ranges: Range[], range: Range): void {
  const last = ranges.at(-1);
  if (last === undefined || range[0] > last[1]) ranges.push(range);
  else {
    // A longer clause may begin before what a shorter one has found.
    last[0] = Math.min(last[0], range[0]);
    last[1] = Math.max(last[1], range[1]);
  }
}

/** The piece of the text with the most matches; its beginning when there are none. */
export function makeSnippet(text: string, clauses: readonly Clause[]): Snippet {
  const ranges = findRanges(text, clauses);
  let [best, most] = [0, 0];
  for (const [index, [from]] of ranges.entries()) {
    let count = 0;
    while (ranges[index + count]?.[1] <= from + SNIPPET_LENGTH - LEAD_LENGTH) {
      count += 1;
    }
    if (count > most) [best, most] = [index, count];
  }
  const wanted = (ranges[best]?.[0] ?? 0) - LEAD_LENGTH;
  const start = wanted <= CUT_REACH ? 0 : cutAfter(text, wanted);
  const end = cutBefore(text, start + SNIPPET_LENGTH);
  return squeeze(
    text,
    start,
    end,
    ranges.filter(([from, to]) => from >= start && to <= end),
  );
}

/** The next beginning of a word, or a place between two characters. */
function cutAfter(text: string, at: number): number {
  const space = text.slice(at, at + CUT_REACH).search(/\s/);
  return space === -1 ? between(text, at) : at + space + 1;
}

function cutBefore(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const near = text.slice(at - CUT_REACH, at);
  const space = near.search(/\s\S*$/);
  return space === -1 ? between(text, at) : at - CUT_REACH + space;
}

/** Never inside a surrogate pair. */
function between(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** The piece with each run of white space as one blank, with dots where it was cut. */
function squeeze(
  text: string,
  start: number,
  end: number,
  ranges: readonly Range[],
): Snippet {
  let snippet = start > 0 ? "…" : "";
  const moved = ranges.map((): Range => [0, 0]);
  let at = start;
  const goTo = (place: number) => {
    const piece = text.slice(at, place).replace(/\s+/g, " ");
    const isDouble = piece.startsWith(" ") &&
      (snippet === "" || /[\s…]$/.test(snippet));
    snippet += isDouble ? piece.slice(1) : piece;
    at = place;
  };
  for (const [index, [from, to]] of ranges.entries()) {
    goTo(from);
    moved[index][0] = snippet.length;
    goTo(to);
    moved[index][1] = snippet.length;
  }
  goTo(end);
  snippet = snippet.trimEnd();
  return {
    snippet: end < text.length ? `${snippet}…` : snippet,
    ranges: moved,
  };
}
