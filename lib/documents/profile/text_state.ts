/** What is known of a text while it comes. */
import type { TextProfile } from "@/lib/shared/documents/profile_wire.ts";

/** JSON. */
export interface TextState {
  lines: number;
  words: number;
  characters: number;
  headings: string[];
  brokenCharacters: number;
  /** Whether the text so far ends inside a word, and inside a line. */
  isInWord: boolean;
  isInLine: boolean;
  /** The beginning of a line that may be a title. */
  line: string;
}

const MAX_HEADINGS = 50;
const MAX_HEADING_CHARACTERS = 120;

export function newText(): TextState {
  return {
    lines: 0,
    words: 0,
    characters: 0,
    headings: [],
    brokenCharacters: 0,
    isInWord: false,
    isInLine: false,
    line: "",
  };
}

export function countText(
  state: TextState,
  text: string,
  broken: number,
  isMarkdown: boolean,
): void {
  if (text === "") return;
  state.characters += text.length;
  state.brokenCharacters += broken;
  const words = text.match(/\S+/g)?.length ?? 0;
  const goesOn = state.isInWord && /^\S/.test(text);
  state.words += words - (goesOn ? 1 : 0);
  state.isInWord = /\S$/.test(text);
  let from = 0;
  for (let end = text.indexOf("\n"); end !== -1;) {
    state.lines += 1;
    endLine(state, text.slice(from, end), isMarkdown);
    from = end + 1;
    end = text.indexOf("\n", from);
  }
  state.isInLine = from < text.length || (from === 0 && state.isInLine);
  keepLine(state, text.slice(from));
}

function endLine(state: TextState, rest: string, isMarkdown: boolean): void {
  keepLine(state, rest);
  const heading = /^#{1,6}\s+(.*?)\s*#*\s*$/.exec(state.line);
  if (isMarkdown && heading !== null && state.headings.length < MAX_HEADINGS) {
    state.headings.push(heading[1]);
  }
  state.line = "";
}

function keepLine(state: TextState, piece: string): void {
  if (state.line.length >= MAX_HEADING_CHARACTERS) return;
  state.line += piece.slice(0, MAX_HEADING_CHARACTERS - state.line.length);
}

export function profileText(state: TextState, encoding: string): TextProfile {
  const { lines, isInLine, words, characters, brokenCharacters } = state;
  return {
    kind: "text",
    lines: lines + (isInLine ? 1 : 0),
    words,
    characters,
    headings: [...state.headings],
    brokenCharacters,
    encoding,
  };
}
