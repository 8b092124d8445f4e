/** Cuts a text that comes in pieces into chunks, with the lines and sections they are in. */
import { type Chunk, CHUNK_CHARACTERS } from "./chunk.ts";
import { cutPlace, overlapPlace } from "./cut_text.ts";

/** What is stored between two pieces; JSON. */
export interface ChunkerState {
  /** Text that is in no chunk yet, behind what it repeats of the last one. */
  current: string;
  /** How much of it is repeated. */
  repeated: number;
  /** Line on which it begins, from 1. */
  line: number;
  /** The beginning of a line whose end has not come. */
  rest: string;
  /** Sections the text is in: level and title. */
  headings: [level: number, title: string][];
  /** Whether the text is inside a fenced block, where no heading is one. */
  isFenced: boolean;
}

export interface ChunkerOptions {
  /** Whether lines with hashes open sections. */
  isMarkdown: boolean;
  /** Page of all of the text; null: it has no pages. */
  page: number | null;
}

/** A line that goes on for longer is taken in pieces. */
const MAX_REST_CHARACTERS = 4_096;
const MAX_HEADING_CHARACTERS = 120;
const HEADING = /^(#{1,6})\s+(.*?)\s*#*$/;

export function newChunker(): ChunkerState {
  return {
    current: "",
    repeated: 0,
    line: 1,
    rest: "",
    headings: [],
    isFenced: false,
  };
}

/** Adds a piece of text to the state; the chunks that are whole with it. */
export function addText(
  state: ChunkerState,
  text: string,
  options: ChunkerOptions,
): Chunk[] {
  const chunks: Chunk[] = [];
  const all = state.rest + text;
  let from = 0;
  for (
    let end = all.indexOf("\n");
    end !== -1;
    end = all.indexOf("\n", from)
  ) {
    addLine(state, all.slice(from, end + 1), options, chunks);
    from = end + 1;
  }
  state.rest = all.slice(from);
  if (state.rest.length > MAX_REST_CHARACTERS) {
    state.current += state.rest;
    state.rest = "";
    cutOff(state, options, chunks);
  }
  return chunks;
}

/** The last chunks; the state is as new, but for its line. */
export function endText(
  state: ChunkerState,
  options: ChunkerOptions,
): Chunk[] {
  const chunks: Chunk[] = [];
  if (state.rest !== "") addLine(state, state.rest, options, chunks);
  state.rest = "";
  flush(state, options, chunks);
  return chunks;
}

function addLine(
  state: ChunkerState,
  line: string,
  options: ChunkerOptions,
  chunks: Chunk[],
): void {
  if (options.isMarkdown) {
    if (/^\s{0,3}(```|~~~)/.test(line)) state.isFenced = !state.isFenced;
    const heading = state.isFenced ? null : HEADING.exec(line.trimEnd());
    if (heading !== null) {
      flush(state, options, chunks);
      const level = heading[1].length;
      const title = heading[2].slice(0, MAX_HEADING_CHARACTERS);
      state.headings = [
        ...state.headings.filter(([above]) => above < level),
        [level, title],
      ];
    }
  }
  state.current += line;
  cutOff(state, options, chunks);
}

/** Takes whole chunks off what has gathered. */
function cutOff(
  state: ChunkerState,
  options: ChunkerOptions,
  chunks: Chunk[],
): void {
  while (state.current.length > CHUNK_CHARACTERS) {
    const cut = cutPlace(state.current);
    push(state, state.current.slice(0, cut), options, chunks);
    // What comes next must not be shorter than what it repeats, or it would never end.
    const next = Math.max(overlapPlace(state.current, cut), state.repeated + 1);
    state.line += linesIn(state.current.slice(0, next));
    state.repeated = cut - Math.min(next, cut);
    state.current = state.current.slice(next);
  }
}

function flush(
  state: ChunkerState,
  options: ChunkerOptions,
  chunks: Chunk[],
): void {
  if (state.current.slice(state.repeated).trim() !== "") {
    push(state, state.current, options, chunks);
  }
  state.line += linesIn(state.current);
  state.current = "";
  state.repeated = 0;
}

function push(
  { line, headings }: ChunkerState,
  piece: string,
  { page }: ChunkerOptions,
  chunks: Chunk[],
): void {
  const text = piece.trim();
  if (text === "") return;
  const from = line + linesIn(piece.slice(0, piece.indexOf(text[0])));
  chunks.push({
    text,
    place: {
      from: page === null ? from : null,
      to: page === null ? from + linesIn(text) : null,
      page,
      heading: headings.length === 0
        ? null
        : headings.map(([, title]) => title).join(" › "),
    },
  });
}

function linesIn(text: string): number {
  let lines = 0;
  for (
    let at = text.indexOf("\n");
    at !== -1;
    at = text.indexOf("\n", at + 1)
  ) lines += 1;
  return lines;
}
